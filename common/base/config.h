/* Reads settings from the environment. Secrets come from it or from files, never from the command line. */
#ifndef BACKROOM_CONFIG_H
#define BACKROOM_CONFIG_H

const char *config_text(const char *name, const char *otherwise);
/* otherwise also stands for a value that is not an integer. */
long config_int(const char *name, long otherwise);

#endif
