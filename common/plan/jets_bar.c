// Jets of sire_16_bar.
#include "common/plan/jets.h"

static const JetDef bar[] = {
    JET("isBar", 1, 0, "", NULL, "BoDTAF88eG5ykFN5WxbBgfmYLsfcaCXJNjjVUxW1LGYV"),
    JET("_Bar", 1, 0, "", NULL, "3rEdAKuWvV2VjaZoXae5fD1H3mAqkLJjZhqSp2djP9ez"),
    JET("natBar", 1, 0, "", NULL, "8skazbEPVRUQkid2uQgQFJLRxveQqBepJXKCcSA1kVpT"),
    JET("barNat", 1, 0, "", NULL, "HzPryDAhioqTPGfFopyj29Pf6oo1KwYGAoLRZ7V5ZR5V"),
    JET("barLen", 1, 0, "", NULL, "FRQyoP5YeRoHtbXXaU5yaakGdaq7sm6PiNH9RHcH2Dwy"),
    JET("barIsEmpty", 1, 0, "", NULL, "8VoyMabPUNASM5PvxrUUVca6gk4Gf6HRvUHiFkMHuMw6"),
    JET("_NatToSizedBar", 2, 0, "", NULL, "CKuuEeyrhLLJqabF1zT2jEt9VjZPk2uKrHcPwRQL4Tt2"),
    JET("barIdx", 2, 0, "", NULL, "7EAWHpAwBQFBHLJBNUpTkP9E3RvWtCFcatDjUQi5yFUC"),
    JET("barWeld", 2, 0, "", NULL, "8LcLqd1ZBa1CPYRK4LDVyDxzwWCSoN5NZXqFPWrGy7RS"),
    JET("barCat", 1, 0, "", NULL, "E8ad3F9S1GGfCxmDwcZzUUrkjqWbzEDRnuxxvdh92Q5u"),
    JET("barTake", 2, 0, "", NULL, "BQZzhV3xiMvEJWpAzjv2nJTxKu9XfGRmCG8iYBynP7Uv"),
    JET("barDrop", 2, 0, "", NULL, "4zNT1Sfc7yv1ujqpZHN6HM3qbMQ3yAh9f4zpjwgB65ao"),
    JET("_BarSliceToNat", 3, 0, "", NULL, "DbKqsHmZ1ZnXXZt8SatkyVU1hPMEk4ZcE6nn4JLmx1vr"),
    JET("barElemIndexEnd", 2, 0, "", NULL, "JXHswKJpbWwi9nDXpWwZvhSLwQNDGwRKcg1Nc7p3Yw5"),
    JET("barFlat", 1, 0, "", NULL, "3wHv6z3N9k2ZdDK57ZMe7ak1bMt4SodmtZQPUrHqeBR6"),
    JET("barElemIndexOff", 3, 0, "", NULL, "BJJ426tHsJ8qsBCZzxuykJmhDZw7VTg5Vso1Whk1nxr7"),
};

const JetGroup jets_bar = JET_GROUP("bar", bar);
