/* Runs a tile over a whole result: reads sizes and packed operands on stdin, writes C on stdout. */
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

/* int32 or float32 results: both are four bytes, and only the tile looks into them. */
extern void tile(const uint32_t *x, const uint32_t *y, int64_t words, const uint32_t *x_term, const uint32_t *y_term,
                 bool first, uint32_t *c, int64_t stride);

static uint32_t *read_words(int64_t count) {
    uint32_t *words = aligned_alloc(64, (size_t)(count * 4 + 63) / 64 * 64);
    if (words == NULL || fread(words, 4, (size_t)count, stdin) != (size_t)count) {
        exit(2);
    }
    return words;
}

int main(void) {
    int64_t size[7];
    if (fread(size, sizeof size[0], 7, stdin) != 7) {
        return 2;
    }
    const int64_t x_tiles = size[0], y_tiles = size[1], words = size[2], rows = size[5], columns = size[6];
    const int64_t x_words = words * size[3] * rows, y_words = words * size[4] * columns, stride = y_tiles * columns;
    const uint32_t *x = read_words(x_tiles * x_words), *y = read_words(y_tiles * y_words);
    const uint32_t *x_term = read_words(x_tiles * rows), *y_term = read_words(y_tiles * columns);
    const size_t count = (size_t)(x_tiles * rows * stride);
    uint32_t *c = calloc(count, 4);
    if (c == NULL) {
        return 2;
    }
    for (int64_t i = 0; i < x_tiles; i++) {
        for (int64_t j = 0; j < y_tiles; j++) {
            tile(x + i * x_words, y + j * y_words, words, x_term + i * rows, y_term + j * columns, true,
                 c + i * rows * stride + j * columns, stride);
        }
    }
    return fwrite(c, 4, count, stdout) == count ? 0 : 2;
}
