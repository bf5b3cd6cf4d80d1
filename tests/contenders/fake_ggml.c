/* As much of ggml as the suite calls, float32 alone. Of the formats, q8_0 aborts and q4_0 never ends, both in code that
   Python does not see; LACKING leaves a function out, and RENAMED gives the formats other numbers. */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

typedef struct { size_t bytes; char *buffer; bool no_alloc; } context;
typedef struct tensor { int64_t k, rows; float *data; struct tensor *weights, *x; } tensor;
typedef struct { size_t work_bytes; void *work; int threads; char others[108]; } plan;
typedef struct { bool cores[512]; int threads, priority; uint32_t poll; bool strict, paused; } parameters;

static char *free_memory;

const char *ggml_type_name(int type) {
#ifdef RENAMED
    return type == 0 ? "f32" : "other";
#else
    return type == 0 ? "f32" : type == 2 ? "q4_0" : type == 8 ? "q8_0" : NULL;
#endif
}
int64_t ggml_blck_size(int type) { return type == 0 ? 1 : 32; }
size_t ggml_row_size(int type, int64_t k) { return 4 * k; }
void *ggml_init(context given) {
    free_memory = given.buffer;
    return given.buffer;
}
void ggml_free(void *given) {}
void *ggml_get_data(tensor *given) { return given->data; }
tensor *ggml_new_tensor_2d(void *given, int type, int64_t k, int64_t rows) {
    tensor *made = calloc(1, sizeof(tensor));
    made->k = k, made->rows = rows, made->data = (float *)free_memory;
    free_memory += 4 * k * rows;
    return made;
}
size_t ggml_quantize_chunk(int type, const float *from, void *to, int64_t start, int64_t rows, int64_t k, const float *i) {
    if (type == 8) abort();
    while (type == 2) {}
    memcpy(to, from, 4 * rows * k);
    return 4 * rows * k;
}
#ifndef LACKING
tensor *ggml_mul_mat(void *given, tensor *weights, tensor *x) {
    tensor *made = ggml_new_tensor_2d(given, 0, weights->rows, x->rows);
    made->weights = weights, made->x = x;
    return made;
}
#endif
tensor **ggml_new_graph(void *given) { return calloc(1, sizeof(tensor *)); }
void ggml_build_forward_expand(tensor **graph, tensor *last) { *graph = last; }
plan ggml_graph_plan(tensor **graph, int threads, void *pool) { return (plan){.threads = threads}; }
int ggml_graph_compute(tensor **graph, plan *made) {
    tensor *sums = *graph, *weights = sums->weights, *x = sums->x;
    for (int64_t m = 0; m < x->rows; m++)
        for (int64_t n = 0; n < weights->rows; n++) {
            float sum = 0;
            for (int64_t k = 0; k < x->k; k++) sum += x->data[m * x->k + k] * weights->data[n * x->k + k];
            sums->data[m * weights->rows + n] = sum;
        }
    return 0;
}
void ggml_cpu_init(void) {}
parameters ggml_threadpool_params_default(int threads) { return (parameters){.threads = threads}; }
void *ggml_threadpool_new(parameters *given) { return NULL; }
