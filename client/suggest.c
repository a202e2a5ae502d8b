#include "client/verb.h"
#include <string.h>

#define WORD_MAX 40

// Letters to change, add, drop or swap with their neighbour to get from one word to the other. Words
// longer than WORD_MAX are far from everything.
size_t edit_distance(const char *a, const char *b) {
  size_t n = strlen(a), m = strlen(b);
  if (n > WORD_MAX || m > WORD_MAX) return SIZE_MAX;
  size_t d[WORD_MAX + 1][WORD_MAX + 1];
  for (size_t i = 0; i <= n; i++) d[i][0] = i;
  for (size_t j = 0; j <= m; j++) d[0][j] = j;
  for (size_t i = 1; i <= n; i++)
    for (size_t j = 1; j <= m; j++) {
      size_t best = d[i - 1][j - 1] + (a[i - 1] != b[j - 1]);
      if (d[i - 1][j] + 1 < best) best = d[i - 1][j] + 1;
      if (d[i][j - 1] + 1 < best) best = d[i][j - 1] + 1;
      bool swapped = i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1];
      if (swapped && d[i - 2][j - 2] + 1 < best) best = d[i - 2][j - 2] + 1;
      d[i][j] = best;
    }
  return d[n][m];
}

bool near_enough(const char *typed, size_t distance) {
  size_t n = strlen(typed);
  return distance <= (n < 3 ? 1 : n < 6 ? 2 : 3) && distance < n;
}

const char *suggest(const char *typed, const char *(*name)(size_t i), size_t count) {
  const char *best = NULL;
  size_t score = SIZE_MAX;
  for (size_t i = 0; i < count; i++) {
    size_t d = edit_distance(typed, name(i));
    if (d < score && near_enough(typed, d)) score = d, best = name(i);
  }
  return best;
}
