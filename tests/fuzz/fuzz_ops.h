/* The fuzzer's input, and what a call draws from it: tensors, numbers and objects of all kinds, the extreme ones too. */
#ifndef WICK_TESTS_FUZZ_OPS_H
#define WICK_TESTS_FUZZ_OPS_H

#include "wick/wick.h"

/* Objects that arguments are drawn from, and all that are kept until the end of a run. */
enum { FUZZ_POOL = 8, FUZZ_KEPT = 512, FUZZ_MADE = 32, FUZZ_SIZES = 64 };

#define FUZZ_OBJECTS(type)        \
    type *type##_pool[FUZZ_POOL]; \
    type *type##_made[FUZZ_MADE]; \
    int type##_count;

typedef struct Fuzz {
    const uint8_t *data;
    size_t left;
    wk_Tensor *tensors[FUZZ_POOL];
    wk_Tensor *kept[FUZZ_KEPT];
    int kept_count;
    FUZZ_OBJECTS(wk_Module)
    FUZZ_OBJECTS(wk_Optimizer)
    FUZZ_OBJECTS(wk_LRScheduler)
    FUZZ_OBJECTS(wk_StateDict)
    FUZZ_OBJECTS(wk_DataLoader)
    FUZZ_OBJECTS(wk_Dataset)
    wk_Generator *generator;
    wk_Batch batch;
    int64_t number;
    int64_t sizes[4][FUZZ_SIZES];
    int sizes_next;
    wk_Tensor *list[4];
    char word[256];
    size_t word_length;
} Fuzz;

typedef struct FuzzCall {
    uint32_t selector;
    const char *name;
    void (*call)(Fuzz *f);
} FuzzCall;

/* Each takes bytes of the input, and gives zeros when there are none left. */
bool draw_bool(Fuzz *f);
bool draw_rarely(Fuzz *f);
int draw_int(Fuzz *f);
int draw_enum(Fuzz *f);
int draw_count(Fuzz *f);                       /* of dimensions: -1 to FUZZ_SIZES, mostly 0 to 5 */
const int64_t *draw_sizes(Fuzz *f, int count); /* an array of so many */
int64_t draw_int64(Fuzz *f);                   /* mostly -2 to 9 */
double draw_double(Fuzz *f);
wk_Number draw_number(Fuzz *f);
const char *draw_word(Fuzz *f);  /* a word that some option knows, or none that is known */
const char *draw_text(Fuzz *f);  /* any bytes, f->word_length of them */
wk_Tensor *draw_tensor(Fuzz *f); /* one of the pool or a new one, now and then NULL */
wk_List draw_list(Fuzz *f);
wk_Dims draw_dims(Fuzz *f);
wk_Generator *draw_generator(Fuzz *f);
wk_Node *draw_node(Fuzz *f);

/* Results: checked, and kept in the pool. An operation (`must`) that gives NULL has told why. */
void take_tensor(Fuzz *f, wk_Tensor *result, const char *name, bool must);
void take_pair(Fuzz *f, wk_ValuesIndices result, const char *name);
void take_results(Fuzz *f, wk_Results results, const char *name);
static inline wk_ValuesIndices pair_of_MinMax(wk_MinMax r)
{
    return (wk_ValuesIndices){r.min, r.max};
}
static inline wk_ValuesIndices pair_of_VarMean(wk_VarMean r)
{
    return (wk_ValuesIndices){r.var, r.mean};
}
void take_text(Fuzz *f, char *result, const char *name);

/* The same for the objects that a call makes. */
#define FUZZ_OBJECT(type)       \
    type *draw_##type(Fuzz *f); \
    void take_##type(Fuzz *f, type *made);
FUZZ_OBJECT(wk_Module)
FUZZ_OBJECT(wk_Optimizer)
FUZZ_OBJECT(wk_LRScheduler)
FUZZ_OBJECT(wk_StateDict)
FUZZ_OBJECT(wk_DataLoader)
FUZZ_OBJECT(wk_Dataset)

/* Runs the calls that the input names, then backward from every result. */
void fuzz_run(const FuzzCall *calls, size_t count, const uint8_t *data, size_t size);

#endif
