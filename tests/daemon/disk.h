// A disk in memory, behind a Sys: what was synced stays, what was not may be lost, torn or reordered.
//
// Writes reach the disk in sectors of 512 bytes. Until the file is synced, each sector of each write may or
// may not have arrived; new files, renames and removals may or may not have happened until the directory is
// synced. disk_crash picks one of these outcomes; after it the old descriptors are dead.
//
// Calls can be made to fail: the n-th from now with an errno. A sync that fails leaves its file in doubt for
// good, as on Linux: what it should have written counts as clean, and may be gone after a crash.
#pragma once
#include "common/base/sys.h"

typedef struct Disk Disk;

typedef enum DiskFate {
  DISK_RANDOM, // each sector by lot
  DISK_ALL,    // everything arrived, as when only the process died
  DISK_NONE    // nothing did
} DiskFate;

Disk *disk_new(uint64_t seed);
void disk_free(Disk *d);
const Sys *disk_sys(Disk *d);

void disk_crash(Disk *d, DiskFate fate);

// Makes the n-th call from now fail with `error` (0: none), and all later ones too when `stay` is set.
void disk_fail(Disk *d, uint64_t nth, int error, bool stay);
uint64_t disk_calls(const Disk *d);          // since disk_fail
void disk_capacity(Disk *d, uint64_t bytes); // files may take so much in all; the default is no limit

// For damage on purpose: the bytes of a file as they are now. NULL when there is no such file.
uint8_t *disk_bytes(Disk *d, const char *path, size_t *len);
bool disk_cut(Disk *d, const char *path, size_t len);
bool disk_remove(Disk *d, const char *path);

// An independent copy, with no descriptors.
Disk *disk_copy(const Disk *d, uint64_t seed);
