/* The generator: MT19937 as PyTorch holds it, one per thread by default, and its saved state.
 *
 * The sequence is Matsumoto and Nishimura's (init_genrand with the low 32 bits of the seed). `left` and
 * `next` count as PyTorch's do, though one of them would do, because they are part of the state that files
 * carry. A state is checked more strictly than PyTorch checks it: left and next that do not fit together
 * would read past the 624 words. */
#include "core/random.h"

#include <math.h>
#include <stddef.h>
#include <string.h>

#include "core/error.h"
#include "core/memory.h"

#define RANDOM_DEFAULT_SEED UINT64_C(67280421310721)

/* The layout of torch.get_rng_state(): every word of the Mersenne Twister in 64 bits, and the cached
 * normal in `normal_y`. */
typedef struct RandomState {
    uint64_t seed;
    int32_t left, seeded;
    uint64_t next;
    uint64_t state[WK_MT_WORDS];
    double normal_x, normal_y, normal_rho;
    int32_t normal_is_valid, pad;
    float float_normal;
    uint8_t float_normal_is_valid, tail[3];
} RandomState;
_Static_assert(sizeof(RandomState) == WK_RNG_STATE_BYTES, "PyTorch's state has 5056 bytes");

static _Thread_local wk_Generator random_default;
static _Thread_local wk_Generator *random_in_place; /* of random_default; or NULL */

static void random_seed(wk_Generator *generator, uint64_t seed)
{
    uint32_t *state = generator->state;
    state[0] = (uint32_t)seed;
    for (uint32_t i = 1; i < WK_MT_WORDS; i++)
        state[i] = 1812433253u * (state[i - 1] ^ (state[i - 1] >> 30)) + i;
    generator->seed = seed;
    generator->left = 1;
    generator->next = 0;
    generator->has_normal = generator->has_float_normal = false;
}

wk_Generator *wk_generator(wk_Generator *or_null)
{
    wk_Generator *generator = or_null ? or_null : random_in_place ? random_in_place : &random_default;
    if (generator->object.magic == WK_ALIVE)
        return generator;
    if (or_null)
        return wk_raise(WK_ERROR_STATE, "generator: this generator has been freed");
    wk_object_init(&generator->object);
    random_seed(generator, generator == &random_default ? RANDOM_DEFAULT_SEED : generator->seed);
    return generator;
}

void wk_generator_seed_later(wk_Generator *generator, uint64_t seed)
{
    generator->object.magic = 0;
    generator->seed = seed;
}

wk_Generator *wk_generator_replace_default(wk_Generator *generator)
{
    wk_Generator *former = random_in_place;
    random_in_place = generator;
    return former;
}

wk_Generator *wk_Generator_new(void)
{
    wk_Generator *generator = wk_zalloc(sizeof *generator);
    if (!generator)
        return NULL;
    wk_object_init(&generator->object);
    random_seed(generator, RANDOM_DEFAULT_SEED);
    return generator;
}

wk_Generator *wk_generator_retain(wk_Generator *generator)
{
    if (generator)
        wk_object_retain(&generator->object);
    return generator;
}

void wk_generator_free(wk_Generator *generator)
{
    if (generator && wk_generator(generator) && wk_object_drop(&generator->object))
        wk_release_object(generator, sizeof *generator);
}

void wk_manual_seed(uint64_t seed)
{
    random_seed(wk_generator(NULL), seed);
}

void wk_generator_manual_seed(wk_Generator *generator, uint64_t seed)
{
    generator = wk_generator(generator);
    if (generator)
        random_seed(generator, seed);
}

uint64_t wk_initial_seed(void)
{
    return wk_generator(NULL)->seed;
}

/* ---- words ------------------------------------------------------------------------------------------ */

static inline uint32_t random_twist(uint32_t u, uint32_t v)
{
    return (((u & 0x80000000u) | (v & 0x7fffffffu)) >> 1) ^ (-(v & 1) & 0x9908b0dfu);
}

static void random_next_state(wk_Generator *generator)
{
    uint32_t *s = generator->state;
    int i = 0;
    for (; i < WK_MT_WORDS - WK_MT_OFFSET; i++)
        s[i] = s[i + WK_MT_OFFSET] ^ random_twist(s[i], s[i + 1]);
    for (; i < WK_MT_WORDS - 1; i++)
        s[i] = s[i + WK_MT_OFFSET - WK_MT_WORDS] ^ random_twist(s[i], s[i + 1]);
    s[i] = s[WK_MT_OFFSET - 1] ^ random_twist(s[i], s[0]);
}

static inline uint32_t random_temper(uint32_t y)
{
    y ^= y >> 11;
    y ^= (y << 7) & 0x9d2c5680u;
    y ^= (y << 15) & 0xefc60000u;
    return y ^ (y >> 18);
}

void wk_random_words(wk_Generator *generator, uint32_t *words, int64_t count)
{
    while (count > 0) {
        if (generator->left == 1) {
            random_next_state(generator);
            generator->left = WK_MT_WORDS + 1; /* at least one word of them is taken below */
            generator->next = 0;
        }
        int64_t take = generator->left - 1 < count ? generator->left - 1 : count;
        const uint32_t *state = generator->state + generator->next;
        for (int64_t i = 0; i < take; i++)
            words[i] = random_temper(state[i]);
        generator->left -= (int)take;
        generator->next += (uint32_t)take;
        words += take;
        count -= take;
    }
}

uint32_t wk_random32(wk_Generator *generator)
{
    uint32_t word;
    wk_random_words(generator, &word, 1);
    return word;
}

uint64_t wk_random64(wk_Generator *generator)
{
    uint32_t words[2];
    wk_random_words(generator, words, 2);
    return (uint64_t)words[0] << 32 | words[1];
}

float wk_random_uniform_f32(wk_Generator *generator)
{
    return (float)(wk_random32(generator) & 0xffffffu) * 0x1p-24f;
}

double wk_random_uniform_f64(wk_Generator *generator)
{
    return (double)(wk_random64(generator) & (((uint64_t)1 << 53) - 1)) * 0x1p-53;
}

uint64_t wk_random_below(wk_Generator *generator, uint64_t range)
{
    return range < WK_RANDOM_WIDE ? wk_random32(generator) % range : wk_random64(generator) % range;
}

/* ---- the saved state -------------------------------------------------------------------------------- */

bool wk_get_rng_state(wk_Generator *generator, uint8_t state[WK_RNG_STATE_BYTES])
{
    if (!state)
        return wk_raise_null("get_rng_state", "state"), false;
    generator = wk_generator(generator);
    if (!generator)
        return false;
    RandomState saved = {
        .seed = generator->seed,
        .left = generator->left,
        .seeded = 1,
        .next = generator->next,
        .normal_y = generator->has_normal ? generator->normal : 0,
        .normal_is_valid = generator->has_normal,
        .float_normal = generator->has_float_normal ? generator->float_normal : 0,
        .float_normal_is_valid = generator->has_float_normal,
    };
    for (int i = 0; i < WK_MT_WORDS; i++)
        saved.state[i] = generator->state[i];
    memcpy(state, &saved, sizeof saved);
    return true;
}

static bool random_state_is_valid(const RandomState *saved)
{
    if (saved->seeded != 1 || saved->left < 1 || saved->left > WK_MT_WORDS || saved->next > WK_MT_WORDS)
        return false;
    if (saved->left > 1 && saved->next + (uint64_t)saved->left > WK_MT_WORDS + 1)
        return false;
    if ((saved->normal_is_valid | 1) != 1 || (saved->float_normal_is_valid | 1) != 1)
        return false;
    for (int i = 0; i < WK_MT_WORDS; i++)
        if (saved->state[i] > UINT32_MAX)
            return false;
    return true;
}

bool wk_set_rng_state(wk_Generator *generator, const uint8_t state[WK_RNG_STATE_BYTES])
{
    if (!state)
        return wk_raise_null("set_rng_state", "state"), false;
    generator = wk_generator(generator);
    if (!generator)
        return false;
    RandomState saved;
    memcpy(&saved, state, sizeof saved);
    if (!random_state_is_valid(&saved))
        return wk_raise(WK_ERROR_CORRUPT, "set_rng_state: Invalid mt19937 state"), false;
    generator->seed = saved.seed;
    generator->left = saved.left;
    generator->next = (uint32_t)saved.next;
    generator->has_normal = saved.normal_is_valid;
    generator->normal = saved.normal_y;
    generator->has_float_normal = saved.float_normal_is_valid;
    generator->float_normal = saved.float_normal;
    for (int i = 0; i < WK_MT_WORDS; i++)
        generator->state[i] = (uint32_t)saved.state[i];
    return true;
}
