/* A ternary GEMM on two bit-planes, negative and zero: x·y = N - sum of popcounts (FATNN). */
#include <stdint.h>

static int32_t dot(const uint64_t *x, const uint64_t *y, long words, int32_t n)
{
    long ones = 0;
    for (long w = 0; w < words; w++) {
        uint64_t sign = x[2 * w] ^ y[2 * w];
        uint64_t zero = x[2 * w + 1] | y[2 * w + 1];
        ones += __builtin_popcountll(sign) + __builtin_popcountll(sign ^ zero);
    }
    return n - (int32_t)ones;
}

/* x [m][words][2], y [n][words][2], c [m][n]; k positions, those of the padding among them, which is marked as zeros. */
void gemm(const uint64_t *x, const uint64_t *y, int32_t *c, long m, long n, long words, long k, long loops)
{
    for (long loop = 0; loop < loops; loop++)
        for (long i = 0; i < m; i++)
            for (long j = 0; j < n; j++)
                c[i * n + j] = dot(x + 2 * words * i, y + 2 * words * j, words, (int32_t)k);
}
