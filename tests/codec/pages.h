// Pages in memory, as sink and source.
#pragma once
#include "common/base/table.h"
#include "common/codec/load.h"

typedef struct Pages {
  struct OnePage {
    PageId id;
    uint8_t *bytes;
    size_t len;
  } * at;
  size_t count, cap;
  BytesTable index;
  size_t reads;   // how often one was asked for
  Residency *res; // for loading from them
  PageSink sink;
  PageSource source;
} Pages;

void pages_init(Pages *p);
void pages_free(Pages *p);
struct OnePage *pages_find(Pages *p, const PageId *id); // NULL: none
void pages_put(Pages *p, const void *bytes, size_t len, PageId *id);

// Saves the handle's value, sealing it, with everything below it.
ValueRoot pages_save(Pages *p, Machine *m, Ref v);
