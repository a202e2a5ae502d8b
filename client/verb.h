// A verb of `pall`, described by one table (verbs.c): dispatch, argument checking, help and completion
// come from it. To add one, write its function, then its row.
#pragma once
#include "client/value.h"
#include "proto/pall.h"

// What an argument is, for completion.
typedef enum ArgKind { ARG_NONE, ARG_TEXT, ARG_FILE, ARG_FOLDER, ARG_COG, ARG_VERB, ARG_SHELL } ArgKind;

typedef struct OptionSpec {
  const char *name;     // "--path"
  char letter;          // 'f' for -f; 0 for none
  ArgKind arg;          // ARG_NONE: a flag
  const char *arg_name; // "SECS"
  const char *help;
} OptionSpec;

#define POSITIONALS_MAX 3
#define ARGS_MANY 255
typedef struct PositionalSpec {
  const char *name;
  ArgKind kind;
} PositionalSpec;

typedef struct Cli Cli;
typedef struct Args Args;

typedef struct Verb {
  const char *name;
  bool (*run)(Cli *cli, const Args *args, Err *err);
  const char *help;                            // one line
  PositionalSpec positionals[POSITIONALS_MAX]; // the last one may repeat, see `most`
  uint8_t least, most;                         // number of positional arguments; ARGS_MANY: any
  const OptionSpec *options;
  uint8_t option_count;
  const char *more; // what to know, and examples; ends with a newline
} Verb;

extern const Verb VERBS[];
extern const size_t VERB_COUNT;
extern const OptionSpec GLOBAL_OPTIONS[];
extern const size_t GLOBAL_OPTION_COUNT;
const Verb *verb_find(const char *name);

// --- arguments -------------------------------------------------------------------------------------
#define OPTIONS_MAX 16
struct Args {
  const Verb *verb; // NULL when none was named
  const char **pos; // positional arguments
  size_t pos_count;
  const char *values[OPTIONS_MAX], *globals[OPTIONS_MAX]; // by index of the option; a flag has ""
};

// Reads the command line (without argv[0]); the texts stay the caller's. ERR_USAGE says what is wrong
// and what was probably meant. With --help or --version the rest is not checked.
bool args_parse(Args *a, int argc, char **argv, Err *err);
void args_free(Args *a);
const char *args_option(const Args *a, const char *name); // NULL when absent; of the verb, or global

// Arguments with a meaning. ERR_USAGE names the argument.
bool arg_cog(const char *text, RpcCog *cog, Err *err);
bool arg_nat(const char *what, const char *text, uint64_t max, uint64_t *out, Err *err);
bool arg_ms(const char *what, const char *text, uint64_t *ms, Err *err); // seconds, "0.5" too
bool arg_path(const char *text, Arena *arena, RpcPath *path, Err *err);  // a/b/0; NULL is empty

// How far a mistyped word is from another, whether that is near, and the nearest name of a table, or NULL.
size_t edit_distance(const char *a, const char *b);
bool near_enough(const char *typed, size_t distance);
const char *suggest(const char *typed, const char *(*name)(size_t i), size_t count);

// --- running ---------------------------------------------------------------------------------------
struct Cli {
  const Values *values; // NULL: this build of pall reads and shows no values
  const char *socket;   // as told; NULL: the default
  bool json;
  Buf out;    // what goes to standard output
  char *path; // the socket in use
  Pall *pall;
};

// The connection, made at the first use. NULL: ERR_UNAVAILABLE and others, see pall_connect.
Pall *cli_connect(Cli *cli, Err *err);
void cli_disconnect(Cli *cli);
bool cli_call(Cli *cli, RpcMethod method, const void *args, void *result, Err *err);
const Values *cli_values(Cli *cli, Err *err); // ERR_CONFIG when there are none
bool cli_flush(Cli *cli, Err *err);           // writes `out`; ERR_IO

// All of `pall`; returns the exit status.
int client_main(int argc, char **argv, const Values *values);

void help_overview(Buf *out);
void help_verb(Buf *out, const Verb *v);
void help_usage(Buf *out, const Verb *v); // "pall send COG VALUE [--path PATH] ..."
