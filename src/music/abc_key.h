/* abc_key - what K: says of the key: "G", "A dorian", "F#m clef=bass", "D exp _b". */
#ifndef TIRO_MUSIC_ABC_KEY_H
#define TIRO_MUSIC_ABC_KEY_H

#include "base/slice.h"

enum { ABC_SIGNATURE_MAX = 7, ABC_KEY_NAME_MAX = 8 };

struct abc_key {
    char name[ABC_KEY_NAME_MAX]; /* the shortest way to write it: "Ador"; "": no tonic is named */
    int signature;               /* sharps, or flats below 0 */
};

/* Of a mode in its shortest form, "" for major: how many fifths its signature lies from major's. */
struct abc_mode {
    const char *name;
    int fifths;
};

enum { ABC_MODES = 7 };
extern const struct abc_mode abc_modes[ABC_MODES];

/* False: it is no key. Clefs, transpositions and accidentals of its own may follow a tonic, or
 * stand alone; the signature is that of tonic and mode. */
bool abc_key_read(struct abc_key *ret, struct slice text);

#endif
