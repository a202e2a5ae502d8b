// One evaluation on its machine: from the question to the answer, in slices. Private to eval*.c.
#pragma once
#include "daemon/cog/eval.h"

// What an evaluation came to. `value` is sealed, and the holder has a count of its region.
typedef struct EvalAnswer {
  bool limit; // no value: a limit was reached
  Value value;
  size_t bytes; // of memory that it takes
  char *lines[EVAL_TRACE_LINES];
  size_t line_count; // what was traced
} EvalAnswer;
void eval_answer_forget_value(EvalAnswer *a); // it becomes that of a limit
void eval_answer_free(EvalAnswer *a);

typedef struct EvalRun {
  Machine *m;
  enum { EVAL_VALUE, EVAL_OPERATOR, EVAL_ARGUMENT } stage; // what is being computed
  Ref op, arg;                                             // of a crash
  EvalAnswer answer;
} EvalRun;

EvalRun *eval_run_new(Value question, size_t memory, const JetTable *jets);
void eval_run_free(EvalRun *r); // accepts NULL

// Runs a slice, or ends it because time is up. False: there is more to do. Else r->answer is complete, and
// the caller's to take.
bool eval_run(EvalRun *r, bool time_is_up);
