#include "durable.h"

#include <inttypes.h>

#include "bus.h"
#include "log.h"

enum {
    /* Events that wait after a gap count as unacknowledged. With a small limit, newer events that came first
     * (a stream that was filled again) would reach it, and the missing ones behind them were never delivered.
     * Memory is bounded by pulling. */
    ACK_PENDING_MAX = 1000000,
    ACK_WAIT_S = 10, /* a batch takes well below a second; for what takes longer +WPI is sent */
    JS_STREAM_MISSING = 10059,
    JS_CONSUMER_MISSING = 10014,
};

static natsStatus add(const char *stream, const char *durable, const char *subject, uint64_t start,
                      jsErrCode *code)
{
    jsConsumerConfig c;

    jsConsumerConfig_Init(&c);
    c.Durable = durable;
    c.FilterSubject = subject;
    c.DeliverPolicy = start ? js_DeliverByStartSequence : js_DeliverAll;
    c.OptStartSeq = start;
    c.AckPolicy = js_AckExplicit;
    c.AckWait = (int64_t)ACK_WAIT_S * 1000000000;
    c.MaxDeliver = -1;
    c.MaxAckPending = ACK_PENDING_MAX;
    return js_AddConsumer(NULL, bus_jetstream(), stream, &c, NULL, code);
}

static natsStatus create_again(const char *stream, const char *durable, const char *subject, uint64_t start,
                               jsErrCode *code)
{
    natsStatus s = js_DeleteConsumer(bus_jetstream(), stream, durable, NULL, code);

    return s == NATS_OK ? add(stream, durable, subject, start, code) : s;
}

/* Messages that an instance before did not acknowledge would come after AckWait, behind later ones. */
static bool has_unacknowledged(const jsConsumerInfo *info, bool exclusive)
{
    return exclusive && info && info->NumAckPending > 0;
}

bool durable_make(const char *service, const char *durable, const char *subject, bool exclusive)
{
    jsConsumerInfo *info = NULL;
    jsErrCode code = 0;
    char stream[64];
    natsStatus s;

    bus_stream_name(service, stream);
    s = js_GetConsumerInfo(&info, bus_jetstream(), stream, durable, NULL, &code);
    if (has_unacknowledged(info, exclusive))
        s = create_again(stream, durable, subject, info->AckFloor.Stream + 1, &code);
    else if (s != NATS_OK && (int)code == JS_CONSUMER_MISSING)
        s = add(stream, durable, subject, 0, &code);
    if (s != NATS_OK && (int)code != JS_STREAM_MISSING)
        log_rarely("nats.consumer", "consumer %s of %s: %s (%d)", durable, stream, natsStatus_GetText(s),
                   (int)code);
    jsConsumerInfo_Destroy(info);
    return s == NATS_OK;
}

bool durable_unstick(const char *service, const char *durable, const char *subject, int64_t *delivered)
{
    jsConsumerInfo *info = NULL;
    jsErrCode code = 0;
    int64_t before = *delivered;
    char stream[64];
    bool stuck;

    bus_stream_name(service, stream);
    if (js_GetConsumerInfo(&info, bus_jetstream(), stream, durable, NULL, NULL) != NATS_OK)
        return false;
    *delivered = (int64_t)info->Delivered.Stream;
    stuck = info->NumPending > 0 && info->NumWaiting > 0 && *delivered == before;
    if (stuck) {
        create_again(stream, durable, subject, info->AckFloor.Stream + 1, &code);
        log_error(NULL, "nats.stuck", "%s received none of %" PRIu64 " messages: consumer recreated (%d)",
                  durable, info->NumPending, (int)code);
    }
    jsConsumerInfo_Destroy(info);
    return stuck;
}

bool durable_look_up(const char *service, const char *durable, struct durable_position *position)
{
    jsConsumerInfo *info = NULL;
    char stream[64];

    bus_stream_name(service, stream);
    if (js_GetConsumerInfo(&info, bus_jetstream(), stream, durable, NULL, NULL) != NATS_OK)
        return false;
    *position = (struct durable_position){(int64_t)info->NumPending, info->NumAckPending,
                                          (int64_t)info->Delivered.Stream, (int64_t)info->AckFloor.Stream};
    jsConsumerInfo_Destroy(info);
    return true;
}

static bool rewind_one(const char *stream, const jsConsumerInfo *info, uint64_t last)
{
    uint64_t acknowledged = info->AckFloor.Stream < last ? info->AckFloor.Stream : last;
    jsErrCode code = 0;

    if (info->Delivered.Stream <= last)
        return true;
    log_error(NULL, "nats.rewound", "%s received %" PRIu64 " messages more than the stream contains",
              info->Name, info->Delivered.Stream - last);
    return create_again(stream, info->Config->Durable, info->Config->FilterSubject, acknowledged + 1,
                        &code) == NATS_OK;
}

bool durable_rewind_all(const char *service, int64_t last_seq)
{
    jsConsumerInfoList *list = NULL;
    bool good = true;
    char stream[64];
    natsStatus s;

    bus_stream_name(service, stream);
    s = js_Consumers(&list, bus_jetstream(), stream, NULL, NULL);
    if (s != NATS_OK)
        return s == NATS_NOT_FOUND; /* there is none */
    for (int i = 0; i < list->Count; i++)
        good = rewind_one(stream, list->List[i], (uint64_t)last_seq) && good;
    jsConsumerInfoList_Destroy(list);
    return good;
}
