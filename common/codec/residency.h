// Which stored pages are in memory as regions, so that all machines of a process share them.
//
// Entries are weak: a region goes when nobody holds it, and takes its entry with it. Thread-safe, under
// one mutex that is held for a look-up only.
//
// A residency knows pages that are in its store. While a page has an entry the store is told to keep it
// (`hold`, `drop`, both called with no lock held and in any order for different pages): what is in memory
// may be referred to by the next snapshot.
#pragma once
#include "common/codec/page.h"
#include "common/plan/region.h"

typedef struct Residency Residency;

typedef struct ResidencyHooks {
  void (*hold)(void *ctx, const PageId *id); // may be NULL, both
  void (*drop)(void *ctx, const PageId *id);
  void *ctx;
} ResidencyHooks;

Residency *residency_new(const ResidencyHooks *hooks); // hooks may be NULL
void residency_free(Residency *res);                   // every region in it must be gone

// The region of a page, with a count for the caller, or NULL.
Region *residency_find(Residency *res, const PageId *id);

// Enters a region whose page is in the store: sets its id, unless it has one. When the page has an entry
// already, that stays.
void residency_add(Residency *res, Region *r, const PageId *id);

size_t residency_count(Residency *res);
