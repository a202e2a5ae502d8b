#include "client/library.h"
#include "client/verb.h"

int main(int argc, char **argv) { return client_main(argc, argv, &LIBRARY_VALUES); }
