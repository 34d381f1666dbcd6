/* Writes log lines to stderr, one JSON object each. They never contain personal data, tokens or SQL
 * values. */
#ifndef BACKROOM_LOG_H
#define BACKROOM_LOG_H

void log_open(const char *service, const char *instance);
/* event is a dotted name to search for; trace may be NULL. */
void log_info(const char *trace, const char *event, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
void log_error(const char *trace, const char *event, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
/* The same event at most once in five seconds: for what fails again and again. */
void log_rarely(const char *event, const char *format, ...) __attribute__((format(printf, 2, 3)));

#endif
