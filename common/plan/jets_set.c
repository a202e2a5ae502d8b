// Jets of sire_11_set.
#include "common/plan/jets.h"

static const JetDef set[] = {
    JET("_MkSet", 1, 0, "", NULL, "4RUfSzoWUyiYQ5omEL7XWABd3bCpp6Q92Gx62fdDvrVu"),
    JET("_SetToRow", 1, 0, "", NULL, "3GGGFTFjPGAJp75fDidHT2ir5gjRY96P9qhPAEi37L2R"),
    JET("setSing", 1, 0, "", NULL, "2S8yfCmRiecvoxgLJVJg5L6MxLm5avjoGqGJmnbukt27"),
    JET("setIsEmpty", 1, 0, "", NULL, "BDgQFXd9VbEEdoBcaqMys39ucwLS4WFhQLAxypncGj3W"),
    JET("setLen", 1, 0, "", NULL, "4yZ1gLVWzH46af8cUrqhJiAZdSNTpRMPw97JVZH3Z6Ya"),
    JET("setHas", 2, 0, "", NULL, "H54z14ukWmmsPWW1hVvtmg9LgHXXqL3CDAxat7hxHqZg"),
    JET("setMin", 1, 0, "", NULL, "99RzLRXhcLMYwmi3Z92BzxyP7ByJepiSNbMhH3tYThxr"),
    JET("setIns", 2, 0, "", NULL, "7XTSXHE3H5naGmKM1pHkN5K8Y5YCW2DXGKNmUZwSHSjW"),
    JET("setDel", 2, 0, "", NULL, "DRtJToYcbs4CeWJbsim6AC1wfQAvhawXaXBTRf9j15em"),
    JET("setWeld", 2, 0, "", NULL, "DiwkKspYbznDoaAB4hTMTeqhB9CWSDsxnAYU8jaXrb2v"),
    JET("setCatRowAsc", 1, 0, "", NULL, "3FxDUjMRkbL5YcH2VKrEcQrKqt1rxYjpE7jLVULvC4du"),
    JET("isSet", 1, 0, "", NULL, "Cg5qw1nsmxJZvrxyDcQkxvibHgARN5kwy8KHLqY2p8JR"),
    JET("setDrop", 2, 0, "", NULL, "59s1CVBM1sVCsu8goeVRtcZgo3MfSpsNpURxcugnJz5S"),
    JET("setTake", 2, 0, "", NULL, "6gHtpymH8Dr9mKh3ZVWK131L2xYXcn29PHUWokh3BBoC"),
    JET("setSplitAt", 2, 0, "", NULL, "8bHiTR25SEwWF44Jm4jxPb3dPpYjDobmjDYiJAkH3uXS"),
    JET("setIntersect", 2, 0, "", NULL, "6tABCWy2zvjbCbFyEFvrHBkJ54SWVpEGCymgZauuCeAf"),
    JET("setSub", 2, 0, "", NULL, "H4X1JaHYoS8DUbSnsevKrqu8LuXebWiARUEoppmYL174"),
    JET("setSplitLT", 2, 0, "", NULL, "C2ZGZw6xkURRqrDEVTyhYRCx31GRWKuDWJVj6KP91ACn"),
};

const JetGroup jets_set = JET_GROUP("set", set);
