// Jets of sire_12_tab.
#include "common/plan/jets.h"

static const JetDef tab[] = {
    JET("_MkTab", 2, 0, "", NULL, "5hFXwrFMAS1ETGYZDANKd5Eo9xkjNnxPRKTL7H3Td4yv"),
    JET("tabSing", 2, 0, "", NULL, "7AfouhmiExP9KSySjrw4k4VZ5JY2TE4cW53xo1EhHsfz"),
    JET("isTab", 1, 0, "", NULL, "3NVgkveHYdmX8AHVLhwB7qpKhtNmFanxv4c6z3QuJqEe"),
    JET("_TabKeys", 1, 0, "", NULL, "8b5KfdDnpHdUNavaYcVkyY4UWvgkmzhboa2WtHq8hvE8"),
    JET("_TabVals", 1, 0, "", NULL, "ChipTE8EqGJx8mKh7vKk3uLCoe87uzr57puknUVwGMGL"),
    JET("_TabKeysRow", 1, 0, "", NULL, "AbTABFk1h4qcAoW2nzQ37JtnzPfVgapUSXLBcZqid4rH"),
    JET("_TabKeysList", 1, 0, "", NULL, "HJCWTAgwp23pzpsfcFtztNa8uaNit6cSdYN19CqmejyZ"),
    JET("_TabLen", 1, 0, "", NULL, "4zBRGTdC8o8VqyVbae2RH7HhCXjkzahcyMvBKPegci3Z"),
    JET("tabIdx", 2, 0, "", NULL, "3TWf15DfN9xE991EbwQooXnD1wMQ1snqJBragTQ7vqai"),
    JET("_TabIsEmpty", 1, 0, "", NULL, "2pqKJoYtYzxGuojhjcD7APfxGauDgrJr6frjcEKY75Cr"),
    JET("_TabHas", 2, 0, "", NULL, "3CmdokqP7UZsYmUibrN8ZYenxxYNeg7pbujqL87uf7Yh"),
    JET("_TabLookup", 2, 0, "", NULL, "4ZU8AC43kfUmio84VTUWxZzkRFLd9PUcn3FYhacStXmn"),
    JET("tabIns", 3, 0, "", NULL, "6DntBfKNxnzojW5jz2HMm3qKMtMhTg5rzVyQ51zXc5uy"),
    JET("tabSwitch", 3, 0, "", NULL, "GAEvH1zJXuT4fpX9rhnonBPtQ1wxcDmgXgyz53vZxmSa"),
    JET("tabToPairs", 1, 0, "", NULL, "7XNsmym7XdJvy2GqXPqLnFDgHaNbsh2adrFZBQrunB3c"),
    JET("tabFromPairs", 1, 0, "", NULL, "9vDNgbSC1eKiVfti8GnjiuBLYptbW8Ct6NY48y14sE7"),
    JET("tabToPairList", 1, 0, "", NULL, "5BRqPnTopXM4gu9fTnrnxoDVWYZLiMK847eRjxn3tUj4"),
    JET("tabElemIdx", 2, 0, "", NULL, "EKW4vsYbgp825gXmTmbuZHdJXvJJg5ZgMZLDhhTd5zQr"),
    JET("tabSplitAt", 2, 0, "", NULL, "HSJeEynaytuz6Har7pzrD38a9fERYycpCfn9DdWbsoww"),
    JET("tabSplitLT", 2, 0, "", NULL, "9YdjLVV4RVRWNEd7WqFppRKrnT2A5yYZCzrJYKwQyFos"),
    JET("tabAlter", 3, 0, "", NULL, "GCz4BwUrQEWZpsprfRNJdrb342iSywauUKiGQ8usMsLB"),
    JET("tabMapWithKey", 2, 0, "", NULL, "C5KJzWkVKbKe3BkxrE5MKEMPywwqjtS2Wg3uYAdhWxuX"),
    JET("tabMap", 2, 0, "", NULL, "9d5ZFLjQTJiJWZ5nVu2HPERX87JE6useFs5hTLBxsEud"),
    JET("tabUnionWith", 3, 0, "", NULL, "GwJdmG4nEoqdyQk59881fJEyXohj1FSRYUtJvtNUZb7t"),
    JET("tabWeld", 2, 0, "", NULL, "5b6a45ecNGARY4eMDgoLBPR7rS4pLgXkYjSBsBeEdeHS"),
    JET("tabMinKey", 1, 0, "", NULL, "5e9RqAsaYgy7w8yt1DmgLN6e2nPUXqBT7ixPNvnG6MuW"),
    JET("tabFoldlWithKey", 3, 0, "", NULL, "DZ1uBEGqnQoVcC1sYiPSsSvZhfR4EZfghZAanHsag96M"),
    JET("_TabFilterWithKey", 2, 0, "", NULL, "LmKep1jfDMA1wRJUtMa4vQsotSPsrxfQeJySXapCzt8"),
};

const JetGroup jets_tab = JET_GROUP("tab", tab);
