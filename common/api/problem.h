/* GET /problems/{code}: describes the problem type that the `type` of a problem links to. The same in every
 * service. */
#ifndef BACKROOM_PROBLEM_H
#define BACKROOM_PROBLEM_H

struct work;

struct problem {
    const char *code;
    int status;
    const char *details; /* JSON list of sentences; what depends on the case is left out */
};

/* Of all services, collected from the sources by tools/problemgen.py; ends with a row of zeros. */
extern const struct problem problems[];

/* Handlers of GET /problems and GET /problems/{code}. */
int problem_list(struct work *w);
int problem_get(struct work *w);

#endif
