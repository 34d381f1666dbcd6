/* Masks personal data for callers without the scope to read it in full. */
#ifndef BACKROOM_MASKING_H
#define BACKROOM_MASKING_H

struct work;

/* The JSON object with every text in it masked by its member's name: phone keeps its last 3 digits, a name
 * its first character, e-mail its first character and domain; places down to the city stay; the rest is
 * stars, numbers too. */
const char *mask_personal(struct work *w, const char *json);

#endif
