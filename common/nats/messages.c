#include "messages.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bus.h"

/* --- receiving ------------------------------------------------------------------------------------------ */

enum pulled messages_receive(struct messages *m, struct pull *p, int64_t wait_ms)
{
    enum pulled what = pull_next(p, wait_ms, &m->all[m->count]);

    m->count += what == MESSAGE;
    return what;
}

void messages_take(struct messages *m, struct pull *p, int64_t wait_ms)
{
    while (m->count < PULL && !pull_is_complete(p) && messages_receive(m, p, wait_ms) != NOTHING)
        ;
}

void messages_drop(struct messages *m)
{
    for (int n = 0; n < m->count; n++)
        natsMsg_Destroy(m->all[n]);
    m->count = 0;
}

/* --- metadata: $JS.ACK.<stream>.<consumer>.<delivered>.<stream seq>.<consumer seq>.<time>.<pending> ----- */

int message_deliveries(const struct messages *m, int n)
{
    const char *s = natsMsg_GetReply(m->all[n]);

    for (int dots = 0; s && dots < 4; dots++)
        s = strchr(s, '.') ? strchr(s, '.') + 1 : NULL;
    return s ? (int)strtol(s, NULL, 10) : 1;
}

int64_t messages_pending(const struct messages *m)
{
    const char *subject = natsMsg_GetReply(m->all[m->count - 1]),
               *last = subject ? strrchr(subject, '.') : NULL;

    return last ? strtoll(last + 1, NULL, 10) : 0;
}

/* --- answering ------------------------------------------------------------------------------------------ */

static void answer(const struct messages *m, int n, const char *what)
{
    natsConnection_PublishString(bus_connection(), natsMsg_GetReply(m->all[n]), what);
}

void message_ack(const struct messages *m, int n)
{
    answer(m, n, "+ACK");
}

void message_in_progress(const struct messages *m, int n)
{
    answer(m, n, "+WPI");
}

void message_nak(const struct messages *m, int n)
{
    answer(m, n, "-NAK");
}

void message_nak_delayed(const struct messages *m, int n, int64_t delay_ms)
{
    char nak[64];

    snprintf(nak, sizeof nak, "-NAK {\"delay\": %lld}", (long long)delay_ms * 1000000);
    answer(m, n, nak);
}
