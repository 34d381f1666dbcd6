/* Personal data: shown in full only to roles that need it, masked otherwise. */
#ifndef BACKROOM_PRIVACY_H
#define BACKROOM_PRIVACY_H

struct work;

/* The JSON object with every text in it masked by its member's name: phone keeps its last 3 digits, a name its
 * first character, e-mail its first character and domain; places down to the city stay; the rest is stars, numbers too. */
const char *privacy_mask(struct work *w, const char *json);

#endif
