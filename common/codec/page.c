#include "common/codec/page.h"
#include "common/base/base58.h"
#include <stddef.h>
#include <string.h>

// The header as it lies on disk. To change it: raise PAGE_VERSION, keep the old struct beside the new one
// under its version's name, let page_parse accept both (pages are never rewritten, as their bytes are
// their identity), and let page_build write the new one only.
typedef struct PageHeader {
  uint32_t magic;
  uint16_t version;
  uint8_t kind;
  uint8_t flags;
  uint32_t refs;
  uint32_t body;
  uint32_t raw;
  uint32_t zero;
  uint64_t objects;
} PageHeader;

_Static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__, "pages are read in place, little-endian");
_Static_assert(sizeof(PageHeader) == PAGE_HEADER_LEN, "page header size is on disk");
_Static_assert(offsetof(PageHeader, kind) == 6 && offsetof(PageHeader, refs) == 8, "page header layout");
_Static_assert(offsetof(PageHeader, raw) == 16 && offsetof(PageHeader, objects) == 24, "page header layout");
_Static_assert(sizeof(PageId) == PAGE_ID_LEN && _Alignof(PageId) == 1, "references are read in place");

static size_t body_max(PageKind kind) { return kind == PAGE_BLOB ? PAGE_BLOB_MAX : PAGE_BODY_MAX; }

bool page_build(Buf *out, PageKind kind, const PageId *refs, size_t ref_count, uint64_t objects,
                const void *body, size_t body_len, Err *err) {
  if (kind <= 0 || kind >= PAGE_KIND_COUNT)
    return err_set(err, ERR_INTERNAL, "a page of kind %d cannot be written: no such kind", (int)kind);
  if (body_len > body_max(kind))
    return err_set(err, ERR_INTERNAL, "a page body of %zu bytes is above the limit of %zu: split the value",
                   body_len, body_max(kind));
  if (ref_count > PAGE_REFS_MAX || (kind == PAGE_BLOB && ref_count > 0))
    return err_set(err, ERR_INTERNAL, "a page with %zu references is above the limit of %u", ref_count,
                   kind == PAGE_BLOB ? 0 : PAGE_REFS_MAX);
  PageHeader h = {.magic = PAGE_MAGIC,
                  .version = PAGE_VERSION,
                  .kind = (uint8_t)kind,
                  .refs = (uint32_t)ref_count,
                  .body = (uint32_t)body_len,
                  .raw = (uint32_t)body_len,
                  .objects = objects};
  buf_reserve(out, sizeof h + ref_count * PAGE_ID_LEN + body_len);
  buf_put(out, &h, sizeof h);
  if (ref_count > 0) buf_put(out, refs, ref_count * PAGE_ID_LEN);
  if (body_len > 0) buf_put(out, body, body_len);
  return true;
}

static bool check_header(const PageHeader *h, size_t len, Err *err) {
  if (h->magic != PAGE_MAGIC) return err_set(err, ERR_DATA, "not a page: it does not begin with PLPG");
  if (h->version != PAGE_VERSION)
    return err_set(err, ERR_CONFIG, "page of format version %u; this build reads version %u: upgrade it",
                   h->version, PAGE_VERSION);
  if (h->kind == 0 || h->kind >= PAGE_KIND_COUNT)
    return err_set(err, ERR_CONFIG, "page of kind %u, which this build does not know: upgrade it", h->kind);
  if (h->flags & PAGE_COMPRESSED)
    return err_set(err, ERR_CONFIG, "page is compressed, and this build has no decompressor");
  if (h->flags != 0)
    return err_set(err, ERR_CONFIG, "page has unknown flags 0x%02x: upgrade this build", h->flags);
  if (h->zero != 0 || h->raw != h->body)
    return err_set(err, ERR_DATA, "malformed page header: reserved fields are not as version %u has them",
                   PAGE_VERSION);
  if (h->refs > PAGE_REFS_MAX || (h->kind == PAGE_BLOB && h->refs > 0))
    return err_set(err, ERR_DATA, "malformed page: %u references are above the limit of %u", h->refs,
                   h->kind == PAGE_BLOB ? 0 : PAGE_REFS_MAX);
  if (h->body > body_max((PageKind)h->kind))
    return err_set(err, ERR_DATA, "malformed page: a body of %u bytes is above the limit of %zu", h->body,
                   body_max((PageKind)h->kind));
  uint64_t need = PAGE_HEADER_LEN + (uint64_t)h->refs * PAGE_ID_LEN + h->body;
  if (need != len)
    return err_set(err, ERR_DATA, "malformed page: the header speaks of %llu bytes, there are %zu",
                   (unsigned long long)need, len);
  return true;
}

bool page_parse(PageView *view, const void *bytes, size_t len, Err *err) {
  PageHeader h;
  if (len < sizeof h)
    return err_set(err, ERR_DATA, "not a page: %zu bytes are fewer than a header's %zu", len, sizeof h);
  memcpy(&h, bytes, sizeof h);
  if (!check_header(&h, len, err)) return false;
  const uint8_t *refs = (const uint8_t *)bytes + sizeof h;
  *view = (PageView){.kind = (PageKind)h.kind,
                     .ref_count = h.refs,
                     .refs = (const PageId *)refs,
                     .body = refs + (size_t)h.refs * PAGE_ID_LEN,
                     .body_len = h.body,
                     .objects = h.objects};
  return true;
}

void page_id(PageId *id, const void *bytes, size_t len) { blake3(id->b, bytes, len); }

int page_id_compare(const PageId *a, const PageId *b) { return memcmp(a->b, b->b, PAGE_ID_LEN); }

bool page_id_equal(const PageId *a, const PageId *b) { return page_id_compare(a, b) == 0; }

bool page_verify(const PageId *id, const void *bytes, size_t len, Err *err) {
  PageId found;
  page_id(&found, bytes, len);
  if (page_id_equal(&found, id)) return true;
  char want[BASE58_HASH_MAX], have[BASE58_HASH_MAX];
  base58_hash(want, id->b);
  base58_hash(have, found.b);
  return err_set(err, ERR_DATA, "page %s is damaged: its bytes hash to %s", want, have);
}
