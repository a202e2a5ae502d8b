// What the files of the log share. Not for other rooms.
#pragma once
#include "daemon/log/wal.h"
#include <pthread.h>

// A segment that is full, and so only read and pruned.
typedef struct OldSegment {
  uint64_t number, first_lsn;
  uint32_t capacity;
} OldSegment;

// Room. `reserved` counts what was promised, `buffered` what was appended and not yet placed in a segment.
// Always: what is promised and buffered fits behind `at` in the active segment, or there is a spare one; a
// spare has room for reserve_max.
struct Wal {
  WalFiles files;
  char *dir;
  uint32_t segment_size, reserve_max;

  pthread_mutex_t lock;  // everything from here to `files_lock`
  Segment active, spare; // spare.fd is -1 when there is none
  uint32_t at;           // where the next frame begins
  uint64_t active_lsn;   // first LSN of the active segment
  OldSegment *old;       // oldest first
  size_t old_count, old_cap;
  uint64_t first_lsn; // of the oldest record kept
  uint64_t next_lsn, committed;
  uint64_t reserved, buffered;
  Buf gather; // WAL_FRAME_HEADER unused bytes, then records
  uint32_t gather_count;
  uint8_t prev[WAL_LINK_LEN];
  bool failed;

  pthread_mutex_t files_lock;  // taken before `lock`: one of prepare, prune and scan at a time
  pthread_mutex_t commit_lock; // one commit at a time
  Buf frame;                   // the frame being committed
};

// Replays the log into `w`, which has files, sizes and locks only, and makes what was found durable.
bool wal_recover(Wal *w, uint64_t durable_to, WalVisit visit, void *ctx, Err *err);

// Shows the records of one frame whose LSN lies in [from, to). ERR_DATA when they do not fill it.
bool wal_show(const Frame *frame, const uint8_t *records, uint64_t from, uint64_t to, WalVisit visit,
              void *ctx, Err *err);

// The file that says where the log begins.
typedef struct WalHead {
  uint64_t first_segment, first_lsn;
} WalHead;

bool wal_head_read(const WalFiles *files, WalHead *head, bool *found, Err *err);
bool wal_head_write(const WalFiles *files, const WalHead *head, Err *err);
