// Jets of sire_21_switch and sire_25_datatype.
#include "common/plan/jets.h"

static const JetDef type[] = {
    JET("_DataTag", 1, 0, "", NULL, "EDQm1rudzF71qQPiAERwabdVg3drR91iWvZ5wswYBqpP"),
    JET("_TypeTag", 1, 0, "", NULL, "3XohyijyCTrFjend5kYB4uWbai4nrj1EPZ5i5ri4mUC6"),
};

const JetGroup jets_type = JET_GROUP("type", type);
