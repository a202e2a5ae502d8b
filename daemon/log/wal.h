// The log of events: append-only, in segment files, one sync a commit.
//
// Records are bytes to the log (record.h gives them meaning). Each has a sequence number (LSN), counted from
// 1 without gaps. Records gather in memory; wal_commit writes what gathered as one frame and syncs once.
// All records of a frame become durable together or not at all, and records appended in one call are in one
// frame.
//
// Promises
//   - When wal_commit returned true, its records are found by every later wal_open.
//   - What wal_open finds is a prefix of what was appended, and no batch in part.
//   - A damaged frame with committed frames behind it is reported as damage. A damaged or missing last frame
//     cannot be told from one that was never finished, except by `durable_to`: pass what the store knows.
//   - Who reserved room before can append and commit without meeting a full disk.
//   - After a write or sync that failed, nothing is written any more and wal_commit keeps failing: a sync is
//     never tried again. Close, open again, and see what the disk has.
//
// Threads: any, for all functions; wal_commit, wal_prepare, wal_prune and wal_scan may each be called by one
// thread at a time. No lock is held during I/O that wal_append or wal_committed would wait for.
// wal_reserve does I/O when wal_prepare has not been called in time.
#pragma once
#include "common/base/sys.h"
#include "daemon/log/segment.h"

#define WAL_RECORD_MAX (4u << 20)

typedef struct Wal Wal;

typedef struct WalOptions {
  uint8_t store_id[WAL_STORE_ID_LEN]; // a log belongs to one store
  const char *runtime;                // who writes; NULL for "unknown"
  uint32_t segment_size;              // of new segments; 0 for the default; at least twice reserve_max
  uint32_t reserve_max;               // reserved and not yet committed at any time; 0 for the default
  uint64_t durable_to;                // the log held all records below this LSN; 0 when that is not known
} WalOptions;

// One record, as it is found. False ends the reading, with the visitor's error.
typedef bool (*WalVisit)(void *ctx, uint64_t lsn, const void *data, size_t len, Err *err);

// Opens the log in `dir` (the directory must exist), makes it when there is none, and shows each record to
// `visit`, in order. ERR_DATA for damage and for a log that ends before `durable_to`; ERR_CONFIG for another
// format or store.
bool wal_open(Wal **out, const Sys *sys, const char *dir, const WalOptions *options, WalVisit visit,
              void *ctx, Err *err);
void wal_close(Wal *w); // accepts NULL; drops what was not committed

// Room that `records` records of together `bytes` bytes may take, however they are committed.
uint64_t wal_cost(size_t records, size_t bytes);

// Reserves room. ERR_RETRY when reserve_max is reached: commit first. ERR_LIMIT when the disk is full; the
// log stays usable. wal_unreserve gives back what was not used.
bool wal_reserve(Wal *w, uint64_t cost, Err *err);
void wal_unreserve(Wal *w, uint64_t cost);

typedef struct WalRecord {
  const void *data;
  size_t len;
} WalRecord;

// Appends records that commit together, and gives back `reserved`, which must cover them. *first_lsn may be
// NULL. Fails only after a failed commit (ERR_IO), and for a record that is empty or above WAL_RECORD_MAX
// (ERR_LIMIT); `reserved` is given back then too.
bool wal_append(Wal *w, const WalRecord *records, size_t n, uint64_t reserved, uint64_t *first_lsn, Err *err);

// Makes durable what was appended. *committed: every record below it is durable.
bool wal_commit(Wal *w, uint64_t *committed, Err *err);

uint64_t wal_next(Wal *w);      // LSN of the next record to be appended
uint64_t wal_committed(Wal *w); // every record below it is durable
uint64_t wal_first(Wal *w);     // LSN of the oldest record kept

// Makes the next segment ready when the current one is half full, so that nobody has to wait for it.
bool wal_prepare(Wal *w, Err *err);

// Removes whole segments that hold nothing from `keep` up. The file that is removed last may become the next
// segment. A failure is harmless: the log keeps more than it must.
bool wal_prune(Wal *w, uint64_t keep, Err *err);

// Reads committed records from `from` up to, not including, `to` once more. ERR_NOT_FOUND when `from` was
// pruned.
bool wal_scan(Wal *w, uint64_t from, uint64_t to, WalVisit visit, void *ctx, Err *err);

typedef struct WalInfo {
  uint64_t first, next, committed;
  uint64_t first_segment, segments, bytes; // bytes on disk, the prepared segment included
  bool failed;
} WalInfo;

void wal_info(Wal *w, WalInfo *info);
