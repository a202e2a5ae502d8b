// What the log's records say.
//
// A record is the kind, a version, then the fields, numbers as LEB128. Everything in a record is by value or
// by the id of a page that was durable before the record was appended, so one cog's records replay without
// any other cog. Unknown kinds and versions are refused: a log is read by the build that wrote it or a newer.
#pragma once
#include "common/codec/page.h"

#define RECORD_NAME_MAX 255
#define RECORD_MESSAGE_ID_MAX 64
#define RECORD_DIGEST_LEN 16
#define RECORD_NO_COG UINT64_MAX

// The numbers are on disk: append only.
typedef enum RecordKind {
  RECORD_SPAWN = 1,   // a cog begins
  RECORD_EVENT = 2,   // a cog took answers, and this is how it ended
  RECORD_PAUSE = 3,   // an operator stopped handing events to it
  RECORD_RESUME = 4,  // and went on
  RECORD_REMOVE = 5,  // the cog is gone
  RECORD_NAME = 6,    // the cog has another name
  RECORD_RESTART = 7, // a cog that had ended, or any cog, goes on from `value` under a new incarnation
  RECORD_KIND_COUNT
} RecordKind;

typedef enum RecordOutcome {
  OUTCOME_DONE = 0,
  OUTCOME_CRASH = 1, // op, arg
  OUTCOME_TIME = 2,  // ns
  OUTCOME_MEMORY = 3,
  OUTCOME_LOOP = 4,
  OUTCOME_DIVERGES = 5,
  OUTCOME_COUNT
} RecordOutcome;

typedef enum RecordValueKind { VALUE_NONE = 0, VALUE_INLINE = 1, VALUE_PAGE = 2 } RecordValueKind;

// A PLAN value: page bytes of its own (VALUE_INLINE), or the id of a stored page.
typedef struct RecordValue {
  RecordValueKind kind;
  const uint8_t *bytes;
  size_t len;
  PageId page;
} RecordValue;

typedef struct RecordAnswer {
  uint64_t slot;
  RecordValue value;
  // A message from outside: who sent it and the id the sender gave it; message_len is 0 for other answers.
  uint32_t sender;
  const uint8_t *message;
  size_t message_len;
} RecordAnswer;

// Fields that a kind does not have are ignored when it is written, and zero when it is read.
typedef struct Record {
  RecordKind kind;
  uint64_t cog;
  uint64_t time; // ns since the epoch: for people, no part of replay
  // SPAWN, EVENT, RESTART
  uint64_t incarnation;
  // SPAWN, NAME
  const uint8_t *name; // UTF-8, may be empty
  size_t name_len;
  // SPAWN
  uint64_t parent; // RECORD_NO_COG for a cog that was started from outside
  uint32_t owner;  // uid
  // SPAWN, RESTART
  RecordValue value;
  // EVENT, RESTART: the number of the event; of the last one before the restart
  uint64_t event;
  // EVENT
  uint64_t transaction; // an ask and its tell have the same; 0 for others
  RecordOutcome outcome;
  RecordValue op, arg;               // OUTCOME_CRASH
  uint64_t ns;                       // OUTCOME_TIME
  uint8_t digest[RECORD_DIGEST_LEN]; // of request row and outcome
  RecordAnswer *answers;             // ascending slots
  size_t answer_count;
} Record;

// Appends the record. What breaks a limit above is the caller's mistake: ERR_INTERNAL, nothing appended.
bool record_encode(Buf *out, const Record *record, Err *err);

// Reads exactly one record. Pointers lead into `bytes`; `answers` is the caller's, to be freed with
// record_free (also after a failure, where it is NULL). ERR_DATA, ERR_CONFIG for a kind or version that is
// not known.
bool record_decode(Record *record, const void *bytes, size_t len, Err *err);
void record_free(Record *record);

const char *record_kind_name(RecordKind kind); // "spawn"; NULL for none
