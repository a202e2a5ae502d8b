// Jets of sire_07_dat.
#include "common/plan/jets.h"

static const JetDef list[] = {
    JET("sum", 1, 0, "", NULL, "F6ob6mjnYAtCSdJQRFNWQGa1NVdSNbr5b77gESTPCFDT"),
    JET("sumOf", 2, 0, "", NULL, "ahTFxWPHYCTdTKNW3ES6TTvBE3K2ZNrXs7Ta31atipQ"),
    JET("cat", 1, 0, "", NULL, "89EWhEFWgFigSEwzcGfi3mAgDer1QTWspWWBMEVg6Bns"),
    JET("zip", 2, 0, "", NULL, "8xVraNf4pPd2o6A7yYKV1N6oANPazsMzGCVXLccrXhQe"),
    JET("drop", 2, 0, "", NULL, "45ARChFpRYWa1o1n4jxYbqVvBmkWzxYQxCFPNkcnE1d8"),
    JET("take", 2, 0, "", NULL, "2gABh4WVzRnyRtdM49QGP4GTUGNidMercKgxaFDonvfP"),
    JET("unfoldr", 2, 0, "", NULL, "AqALs9y4dSE4nUxpGv6vYjqtq4eJL9ZXQSeMb9n7a2vK"),
    JET("_SizedListToRow", 2, 0, "", NULL, "12AFprhZ7HSa4451hkhveQTVCmuds6kvmLYmjQZsDUNf"),
    JET("_SizedListToRowRev", 2, 0, "", NULL, "EXQjpxzxxiLqW3xMwKqRYyUyFfxbEpbvfhRMsUBDmxtE"),
    JET("bsearch", 2, 0, "", NULL, "GL5YmUEpJm4dEqPSF7KHXATef9dQkA5eiZaq6vcwEk7J"),
};

const JetGroup jets_list = JET_GROUP("list", list);
