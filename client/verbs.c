#include "client/verbs.h"

#define COUNT(a) (sizeof(a) / sizeof *(a))
#define OPTIONS(list) .options = list, .option_count = COUNT(list)

const OptionSpec GLOBAL_OPTIONS[] = {
    {"--socket", 0, ARG_FILE, "PATH", "where palld listens; else PALL_SOCKET, else the usual place"},
    {"--json", 0, ARG_NONE, NULL, "print results as JSON, and errors too"},
    {"--help", 'h', ARG_NONE, NULL, "show what there is to know"},
    {"--version", 0, ARG_NONE, NULL, "show the version"},
};
const size_t GLOBAL_OPTION_COUNT = COUNT(GLOBAL_OPTIONS);

// Options of the verbs that read expressions.
#define MODULE_OPTION                                                                                        \
  { "--module", 0, ARG_TEXT, "M", "module whose names the expression may use (prelude)" }
#define LIB_OPTION                                                                                           \
  { "--lib", 0, ARG_FOLDER, "DIR", "folder of the library" }

static const OptionSpec PS_OPTIONS[] = {
    {"--quiet", 'q', ARG_NONE, NULL, "print names only, or the number of a cog that has none"},
};
static const OptionSpec SPAWN_OPTIONS[] = {
    {"--name", 0, ARG_TEXT, "N", "name of the cog; must be free"},
    LIB_OPTION,
};
static const OptionSpec SEND_OPTIONS[] = {
    {"--path", 0, ARG_TEXT, "PATH", "path that the cog polls: a/b; an element of digits is a number"},
    {"--wait", 0, ARG_TEXT, "SECS", "how long to wait for the cog to ask (5)"},
    {"--id", 0, ARG_TEXT, "HEX", "name of the message, 32 hex digits: to repeat one without doubling it"},
    MODULE_OPTION,
    LIB_OPTION,
};
static const OptionSpec INSPECT_OPTIONS[] = {
    {"--path", 0, ARG_TEXT, "PATH", "part of the value to show: row indexes and tab keys, a/b/0"},
    {"--from", 0, ARG_TEXT, "N", "of a row, set, tab or bar: its elements, keys or bytes from the N-th on"},
    {"--count", 'n', ARG_TEXT, "N", "and at most so many; up to 1000"},
    {"--depth", 0, ARG_TEXT, "N", "levels to show (64)"},
};
static const OptionSpec TRACE_OPTIONS[] = {
    {"--follow", 'f', ARG_NONE, NULL, "go on with new lines until interrupted"},
};
static const OptionSpec LOG_OPTIONS[] = {
    {"--from", 0, ARG_TEXT, "N", "first event to list; else the oldest that is kept"},
    {"--count", 'n', ARG_TEXT, "N", "at most so many; else all"},
};
static const OptionSpec RM_OPTIONS[] = {
    {"--yes", 'y', ARG_NONE, NULL, "do not ask"},
};

static const OptionSpec CHECK_OPTIONS[] = {
    {"--jobs", 'j', ARG_TEXT, "N", "files to check at the same time (as many as there are processors)"},
    LIB_OPTION,
};
static const OptionSpec EVAL_OPTIONS[] = {
    MODULE_OPTION,
    {"--depth", 0, ARG_TEXT, "N", "levels to show (64)"},
    LIB_OPTION,
};
static const OptionSpec SIRE_OPTIONS[] = {
    LIB_OPTION,
};
static const OptionSpec BUILD_OPTIONS[] = {
    {"--output", 'o', ARG_FILE, "FILE",
     "where to write it (NAME.seed, in this folder); - is standard output"},
    {"--name", 0, ARG_TEXT, "NAME", "the name whose value is wanted (main, else the last expression)"},
    LIB_OPTION,
};
static const OptionSpec SHOW_OPTIONS[] = {
    {"--depth", 0, ARG_TEXT, "N", "levels to show (64)"},
};
static const OptionSpec PROF_OPTIONS[] = {
    {"--expr", 0, ARG_TEXT, "EXPR",
     "measure this expression, in the scope of a file or module, and nothing else"},
    {"--count", 'n', ARG_TEXT, "N", "functions to show, those with the most time first; 0 is all (30)"},
    {"--folded", 0, ARG_NONE, NULL, "print stacks and microseconds, a line each, instead of a table"},
    {"--svg", 0, ARG_FILE, "PATH", "write a flame graph to this file"},
    {"--time", 0, ARG_TEXT, "SECS", "stop after so long (a cog: 5)"},
    {"--events", 0, ARG_TEXT, "N", "of a cog: stop after so many events"},
    LIB_OPTION,
};
static const OptionSpec CACHE_OPTIONS[] = {
    {"--clear", 0, ARG_NONE, NULL, "remove it"},
};

#define ONE_COG .positionals = {{"COG", ARG_COG}}, .least = 1, .most = 1
#define COG_NOTE "COG is the name of a cog or its number; 'pall ps' lists both.\n"

const Verb VERBS[] = {
    {"ping", verb_ping, "see whether palld answers",
     .more = "Says which palld answers, and as what it knows you.\n"
             "\n"
             "Example:\n"
             "  pall ping && echo it runs\n"},
    {"info", verb_info, "show what palld is and holds",
     .more = "Version, store, time since its start, and how many cogs, events and pages there are.\n"
             "\n"
             "Example:\n"
             "  pall info --json\n"},
    {"ps", verb_ps, "list cogs", OPTIONS(PS_OPTIONS),
     .more = "One line a cog: number, name, state, events it has done, requests it has open, messages that\n"
             "wait for it, and its owner.\n"
             "\n"
             "Examples:\n"
             "  pall ps\n"
             "  pall ps --json | jq '.[] | select(.state == \"crashed\")'\n"},
    {"spawn", verb_spawn, "run a Sire file or a seed as a new cog", .positionals = {{"FILE", ARG_FILE}},
     .least = 1, .most = 1, OPTIONS(SPAWN_OPTIONS),
     .more =
         "FILE is a Sire file; what it binds to the name main is the cog. Or it is a seed that 'pall build'\n"
         "wrote, NAME.seed. The cog runs from then on, over restarts of palld. Prints its number, or its\n"
         "name when it has one.\n"
         "\n"
         "Example:\n"
         "  pall spawn counter.sire --name counter\n"},
    {"send", verb_send, "hand a message to a cog", .positionals = {{"COG", ARG_COG}, {"VALUE", ARG_TEXT}},
     .least = 2, .most = 2, OPTIONS(SEND_OPTIONS),
     .more =
         "VALUE is a Sire expression. The cog gets it as the answer to a request [%poke 0 %poke [path]] "
         "with\n"
         "the same path. Done when the event that took it is durable; exit status 75 when the cog did not\n"
         "ask for it in time, and then it was not delivered. When the connection breaks, the message is\n"
         "sent again under its name, which never delivers it twice.\n" COG_NOTE "\n"
         "Examples:\n"
         "  pall send counter 5\n"
         "  pall send shop '[%buy 3]' --path orders/new --wait 30\n"},
    {"inspect", verb_inspect, "show the value of a cog, or a part of it", ONE_COG, OPTIONS(INSPECT_OPTIONS),
     .more =
         "Prints the cog's state as Sire that reads back to the same value, after a comment with its "
         "status;\n"
         "with --json as {\"cog\":.., \"value\":..}. Parts deeper than --depth are shown as dots.\n" COG_NOTE
         "\n"
         "Examples:\n"
         "  pall inspect counter\n"
         "  pall inspect shop --path stock/apples --depth 3\n"
         "  pall inspect shop --path stock --from 2000 --count 100\n"},
    {"trace", verb_trace, "show what a cog has traced", ONE_COG, OPTIONS(TRACE_OPTIONS),
     .more =
         "Lines that the cog's program has traced lately, and what palld notes about its events.\n" COG_NOTE
         "\n"
         "Example:\n"
         "  pall trace counter -f\n"},
    {"log", verb_log, "list the events of a cog", ONE_COG, OPTIONS(LOG_OPTIONS),
     .more =
         "One line an event in the log: number, time, answers that it took in, size, outcome.\n" COG_NOTE "\n"
         "Example:\n"
         "  pall log counter --from 100 -n 20\n"},
    {"stop", verb_stop, "pause a cog", ONE_COG,
     .more =
         "It does nothing until 'pall start', also over restarts of palld. Its state stays.\n" COG_NOTE "\n"
         "Example:\n"
         "  pall stop counter\n"},
    {"start", verb_start, "let a stopped cog go on", ONE_COG,
     .more = COG_NOTE "\n"
                      "Example:\n"
                      "  pall start counter\n"},
    {"rm", verb_rm, "remove a cog and its state for good", ONE_COG, OPTIONS(RM_OPTIONS),
     .more = "Asks before, on a terminal; elsewhere --yes must be said.\n" COG_NOTE "\n"
             "Example:\n"
             "  pall rm counter --yes\n"},
    {"check", verb_check, "load Sire files and run their assertions", .positionals = {{"FILE", ARG_FILE}},
     .least = 1, .most = ARGS_MANY, OPTIONS(CHECK_OPTIONS),
     .more =
         "FILE is a Sire file, or the name of a module in the library. Assertions that do not hold are\n"
         "shown with both values, and the rest is run all the same. Exit status 1 when one does not hold,\n"
         "65 when something does not load. What is shown does not depend on --jobs; a module that several\n"
         "files need is compiled once.\n"
         "\n"
         "Examples:\n"
         "  pall check counter.sire\n"
         "  pall check --lib sire/lib prelude\n"},
    {"eval", verb_eval, "show the value of an expression", .positionals = {{"EXPR", ARG_TEXT}}, .least = 1,
     .most = 1, OPTIONS(EVAL_OPTIONS),
     .more = "Needs no palld. Numbers and texts need no library either.\n"
             "\n"
             "Examples:\n"
             "  pall eval '(add 2 3)'\n"
             "  pall eval --module list '(sum [1 2 3])' --json\n"},
    {"sire", verb_sire, "read Sire line by line and show what comes out", .positionals = {{"FILE", ARG_FILE}},
     .least = 0, .most = 1, OPTIONS(SIRE_OPTIONS),
     .more =
         "All names of FILE are in scope: a Sire file or a module of the library; without it those of\n"
         "prelude. On a terminal, lines are edited and remembered over sessions, Tab completes names, and\n"
         "Ctrl-C stops what runs. A block of several lines ends at an empty line; one that fails changes\n"
         "nothing. Lines that begin with a colon are commands: :help lists them.\n"
         "Reads a pipe too; then the exit status is 65 when something failed.\n"
         "\n"
         "Examples:\n"
         "  pall sire\n"
         "  pall sire my.sire\n"
         "  echo '(add 2 3)' | pall sire\n"
         "  echo ':doc foldl' | pall sire\n"},
    {"build", verb_build, "compile a Sire file to a value in a file", .positionals = {{"FILE", ARG_FILE}},
     .least = 1, .most = 1, OPTIONS(BUILD_OPTIONS),
     .more = "Writes the value of main as a seed: all of it, in a form that other implementations read too.\n"
             "Prints the size and the hash of the value. Needs no palld. 'pall show' shows the value, and\n"
             "'pall spawn' runs it as a cog.\n"
             "\n"
             "Examples:\n"
             "  pall build counter.sire\n"
             "  pall build shop.sire --name stock -o stock.seed\n"},
    {"show", verb_show, "show the value in a file", .positionals = {{"FILE", ARG_FILE}}, .least = 1,
     .most = 1, OPTIONS(SHOW_OPTIONS),
     .more = "FILE is a seed, as 'pall build' writes it. Prints its value as Sire, or as JSON with --json.\n"
             "Parts deeper than --depth are shown as dots. Nothing in the file is run.\n"
             "\n"
             "Examples:\n"
             "  pall show counter.seed\n"
             "  pall show counter.seed --depth 3\n"},
    {"prof", verb_prof, "show where a program or a cog spends its time", .positionals = {{"WHAT", ARG_FILE}},
     .least = 1, .most = 1, OPTIONS(PROF_OPTIONS),
     .more =
         "WHAT is a Sire file, whose name ends in .sire or has a slash; or a cog of palld. Of a file, what "
         "its\n"
         "definitions compute while it is loaded is measured, main among them; or --expr alone. A cog is\n"
         "watched while it runs its events. By function: its share of the time, alone and with what it "
         "calls,\n"
         "calls, memory allocated, and where it is defined. What native routines cost counts for the "
         "function\n"
         "that called them. Figures are samples; short functions need long runs. --time or Ctrl-C ends a "
         "run\n"
         "early and shows what was seen. A flame graph opens in any browser.\n"
         "\n"
         "Examples:\n"
         "  pall prof my.sire\n"
         "  pall prof my.sire --expr '(run 1000)' --svg my.svg\n"
         "  pall prof prelude --expr '(sort (gen 10000 id))' --folded | sort -t ' ' -k 2 -n\n"
         "  pall prof counter --time 10 --events 100\n"},
    {"cache", verb_cache, "show or clear what is kept of compiled Sire", OPTIONS(CACHE_OPTIONS),
     .more =
         "What was compiled once is kept in files, by the contents of its source: check, eval, sire and\n"
         "spawn start from there, and compile only what changed and what comes after it. The files lie in\n"
         "$XDG_CACHE_HOME/pall, else ~/.cache/pall; there are few, and the oldest go by themselves. It is\n"
         "always safe to remove them.\n"
         "\n"
         "Examples:\n"
         "  pall cache\n"
         "  pall cache --clear\n"},
    {"completion", verb_completion, "print completion for a shell", .positionals = {{"SHELL", ARG_SHELL}},
     .least = 1, .most = 1,
     .more = "SHELL is bash, zsh or fish.\n"
             "\n"
             "Examples:\n"
             "  eval \"$(pall completion bash)\"\n"
             "  pall completion fish > ~/.config/fish/completions/pall.fish\n"},
    {"help", verb_help, "show what a verb does", .positionals = {{"VERB", ARG_VERB}}, .least = 0, .most = 1,
     .more = "Without VERB, lists all verbs.\n"
             "\n"
             "Example:\n"
             "  pall help send\n"},
};
const size_t VERB_COUNT = COUNT(VERBS);
