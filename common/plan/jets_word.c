// Jets of w32 and w64.
#include "common/plan/jets.h"

static const JetDef word[] = {
    JET("w32", 1, 0, "", NULL, "75Y7bvtETWp2pyiH7cw2FamCWbtPozAaxjtryTHVRyEV"),
    JET("add32", 2, 0, "", NULL, "FRmrUPQBfwXEg5jzrnWFgwwd6kuB5E5y89y2fxpCPNtg"),
    JET("mul32", 2, 0, "", NULL, "87gy84iDhH2c3apkgbeLDELjgEooxmhyKB6tQpqBqK7e"),
    JET("div32", 2, 0, "", NULL, "2fJDSdzysSzhbAAoQTXDfzMBvywu2m54HVg3qQQtgkYX"),
    JET("and32", 2, 0, "", NULL, "FCTfDr3tXgmJkn7S6fHTgpkEDduGLyxWNvoYrCVNJaKs"),
    JET("or32", 2, 0, "", NULL, "9exT4skhpbwupT7NMs9P3WhfZSMJGMPEJ8WtJrwhz3tZ"),
    JET("xor32", 2, 0, "", NULL, "G8aQ6hEYU5zQxSwM2zzpKhQGvGdBw1p4bNsikwbGaSBF"),
    JET("lsh32", 2, 0, "", NULL, "DYk5Ni2veG7FsQBnbFbqEsNJUomvzfjU1eXx1NzwwTpG"),
    JET("rsh32", 2, 0, "", NULL, "HURMVABJ4BgTQXpvNLqGusYmbxJEoe7WwAZt5Ah3HTP7"),
    JET("sub32", 2, 0, "", NULL, "pmaUKHWyyQF54t4PK9APGATFRBpxQz2fDxuW4PtH3CN"),
    JET("ror32", 2, 0, "", NULL, "FqvahK5dGSuNLbkW8CckfCCk5E1hTRzgJZn49sN3n3Gk"),
    JET("rol32", 2, 0, "", NULL, "DkkPSvYjdeNfnHHRC7bEjcn59fBeJVpWhUVB3F344qjX"),
    JET("w64", 1, 0, "", NULL, "DBMbSnHhw96KYiaiFBQwYmMZrZbn1quHXWojsB7fUcKg"),
    JET("add64", 2, 0, "", NULL, "Gfhro53zr1EYuSaaJ15ptB5HGT13GWRE7kUPeo67oVKQ"),
    JET("mul64", 2, 0, "", NULL, "GTEJu6YrprQMTAZpqsn7JY7V1NbL7RyoVLyucmRtxxZN"),
    JET("div64", 2, 0, "", NULL, "6MzX5sV1czkdE59zBZZfMik3W2hwYiYGh8TVh8T8FZyz"),
    JET("and64", 2, 0, "", NULL, "3WfSJyX34w4pKe43aXeGgxXTzJf4XcPLUtqq3hHm2xrH"),
    JET("or64", 2, 0, "", NULL, "QksgZSJQKejVMUYSSrNKzg5M5miESqjf1n29i3XBz8Z"),
    JET("xor64", 2, 0, "", NULL, "CM1986Y3XmvK4eUfMDajLwqJW2AQBKQ3eVutR7wMLQ47"),
    JET("lsh64", 2, 0, "", NULL, "HBzV4W5EqLCwv1Tq7T7pgAxhSVxXdr2PgD4J25p2Y9PF"),
    JET("rsh64", 2, 0, "", NULL, "8L5bR9nKiTpWCRGA6TZ7syiQv788niZohNVFPMSuSpV9"),
    JET("sub64", 2, 0, "", NULL, "3poQCVWizWJXY3HSbSWtF2L2Jx8StqqDyhHLo6og77YJ"),
    JET("ror64", 2, 0, "", NULL, "4NFvztAE1SoJFUK9Tq5HGNgo6cdGzyPxfqUWVajCkyrc"),
    JET("rol64", 2, 0, "", NULL, "D59osscU4cp8KkQbMzhcvhjmy8KSiP7vuACF4xZJgfAs"),
    JET("iDiv64", 2, 0, "", NULL, "tJQF43B78SBkzN5hLnDvDbux6fRBEhZ3WjazYVoMBSd"),
};

const JetGroup jets_word = JET_GROUP("word", word);
