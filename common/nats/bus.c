#include "bus.h"

#include <ctype.h>
#include <inttypes.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "arena.h"
#include "clock.h"
#include "config.h"
#include "log.h"

enum {
    DAY_S = 86400,
    ASK_MS = 2000,
    GONE_MS = 2000,
    REVIVE_MS = 1000,
    CLOSED_KEPT = 16, /* at most one a second is closed, and no call takes 16 seconds */
    JS_STREAM_MISSING = 10059,
    JS_MESSAGE_MISSING = 10037,
};

static struct {
    _Atomic(natsConnection *) nc;
    natsOptions *options;
    _Atomic(jsCtx *) js;
    atomic_ulong generation;
    struct {
        natsConnection *nc;
        jsCtx *js;
    } closed[CLOSED_KEPT];
    unsigned closed_count;
    int64_t revive_at;
    int64_t gone_since; /* when the stream was first found missing; the relay's thread only */
    pthread_mutex_t lock;
} bus = {.lock = PTHREAD_MUTEX_INITIALIZER};

/* Callbacks touch no subscription: it may be destroyed already (nats.c 3.4.1). */
static void on_reconnected(natsConnection *nc, void *unused)
{
    (void)nc, (void)unused;
    atomic_fetch_add(&bus.generation, 1);
    log_info(NULL, "nats.reconnected", "connected to nats-server again");
}

static void on_disconnected(natsConnection *nc, void *unused)
{
    (void)nc, (void)unused;
    log_info(NULL, "nats.disconnected", "lost the connection to nats-server: events wait in the log");
}

static void on_error(natsConnection *nc, natsSubscription *sub, natsStatus s, void *unused)
{
    (void)nc, (void)sub, (void)unused;
    log_rarely("nats.error", "%s", natsStatus_GetText(s));
}

/* Destroys a closed connection later: some thread may be in the middle of a call. */
static void retire(natsConnection *nc, jsCtx *js)
{
    unsigned place = bus.closed_count++ % CLOSED_KEPT;

    jsCtx_Destroy(bus.closed[place].js);
    natsConnection_Destroy(bus.closed[place].nc);
    bus.closed[place].nc = nc;
    bus.closed[place].js = js;
}

static natsStatus connect_now(void)
{
    natsConnection *nc = NULL;
    jsCtx *js = NULL;
    natsStatus s = natsConnection_Connect(&nc, bus.options);

    if (s == NATS_NOT_YET_CONNECTED)
        s = NATS_OK;
    if (s == NATS_OK) {
        jsOptions o;

        jsOptions_Init(&o);
        o.Wait = ASK_MS;
        s = natsConnection_JetStream(&js, nc, &o);
    }
    if (s == NATS_OK) {
        retire(bus.nc, bus.js);
        atomic_store(&bus.nc, nc);
        atomic_store(&bus.js, js);
    }
    return s;
}

void bus_open(const char *url, const char *name)
{
    natsOptions *o = NULL;

    nats_Open(-1);
    natsOptions_Create(&o);
    natsOptions_SetURL(o, url);
    natsOptions_SetName(o, name);
    natsOptions_SetMaxReconnect(o, -1);
    natsOptions_SetReconnectWait(o, 250);
    natsOptions_SetReconnectJitter(o, 100, 500);
    natsOptions_SetPingInterval(o, 5000);
    natsOptions_SetMaxPingsOut(o, 2);
    natsOptions_SetTimeout(o, 2000);
    natsOptions_SetRetryOnFailedConnect(o, true, on_reconnected, NULL);
    natsOptions_SetFailRequestsOnDisconnect(o, true);
    natsOptions_SetReconnectBufSize(o, 0);
    natsOptions_SetReconnectedCB(o, on_reconnected, NULL);
    natsOptions_SetDisconnectedCB(o, on_disconnected, NULL);
    natsOptions_SetErrorHandler(o, on_error, NULL);
    bus.options = o;
    atomic_store(&bus.generation, 1);
    pthread_mutex_lock(&bus.lock);
    if (connect_now() != NATS_OK)
        log_error(NULL, "nats.connect", "cannot connect to nats-server: trying again");
    pthread_mutex_unlock(&bus.lock);
}

/* Two equal authentication errors close a connection for good: a new one is opened. */
static void revive(void)
{
    pthread_mutex_lock(&bus.lock);
    if ((!bus.nc || natsConnection_IsClosed(bus.nc)) && clock_ms() >= bus.revive_at) {
        bus.revive_at = clock_ms() + REVIVE_MS;
        log_rarely("nats.closed", "the connection was closed: opening a new one");
        if (connect_now() == NATS_OK)
            atomic_fetch_add(&bus.generation, 1);
    }
    pthread_mutex_unlock(&bus.lock);
}

bool bus_connected(void)
{
    if (!bus.nc || natsConnection_IsClosed(bus.nc))
        revive();
    return bus.nc && natsConnection_Status(bus.nc) == NATS_CONN_STATUS_CONNECTED;
}

natsConnection *bus_connection(void)
{
    return bus.nc;
}

jsCtx *bus_jetstream(void)
{
    return bus.js;
}

unsigned long bus_generation(void)
{
    return atomic_load(&bus.generation);
}

void bus_close(void)
{
    for (int i = 0; i < CLOSED_KEPT; i++)
        retire(NULL, NULL);
    jsCtx_Destroy(bus.js);
    natsConnection_Close(bus.nc);
    natsConnection_Destroy(bus.nc);
    natsOptions_Destroy(bus.options);
    nats_Close();
}

void bus_stream_name(const char *service, char name[64])
{
    size_t i = 0;

    for (; service[i] && i < 63; i++)
        name[i] = (char)toupper((unsigned char)service[i]);
    name[i] = '\0';
}

static void describe(jsStreamConfig *c, const char *name, const char **subjects)
{
    jsStreamConfig_Init(c);
    c->Name = name;
    c->Subjects = subjects;
    c->SubjectsLen = 1;
    c->Retention = js_LimitsPolicy;
    c->Storage = js_FileStorage;
    c->Discard = js_DiscardNew;
    c->Replicas = config_int("STREAM_REPLICAS", 1);
    c->MaxBytes = (int64_t)config_int("STREAM_MAX_MEGABYTES", 1024) * 1024 * 1024;
    c->MaxAge = (int64_t)7 * DAY_S * 1000000000;
    c->Duplicates = (int64_t)120 * 1000000000;
}

/* What an operator may not change: with other settings events would be dropped without an error. MaxBytes
 * follows STREAM_MAX_MEGABYTES, MaxAge is the operator's. */
static bool is_as_wanted(const jsStreamConfig *has)
{
    return has->Retention == js_LimitsPolicy && has->Storage == js_FileStorage &&
           has->Discard == js_DiscardNew && has->MaxMsgs <= 0 && !has->NoAck;
}

/* Follows a change of STREAM_MAX_MEGABYTES. Never below what the stream holds: the server would delete the
 * oldest messages at once, consumed or not. */
static void adjust(const jsStreamInfo *info, const char *name, const char **subjects)
{
    jsStreamConfig wanted;
    jsErrCode code = 0;
    natsStatus s;

    describe(&wanted, name, subjects);
    if (wanted.MaxBytes < (int64_t)info->State.Bytes)
        wanted.MaxBytes = (int64_t)info->State.Bytes;
    if (info->Config->MaxBytes == wanted.MaxBytes)
        return;
    s = js_UpdateStream(NULL, bus.js, &wanted, NULL, &code);
    log_rarely("nats.stream", "stream %s: now at most %" PRId64 " bytes: %s (%d)", name, wanted.MaxBytes,
               natsStatus_GetText(s), (int)code);
}

/*
 * nats-server 2.9.10 forgets a deleted stream before it removes its folder: a stream that is created under
 * the same name in between loses its files, and from then on acknowledges what cannot be read. So a stream
 * that was there is created again only after GONE_MS.
 */
static bool may_create(const struct stream_state *before)
{
    if (!bus.gone_since)
        bus.gone_since = clock_ms();
    return !*before->epoch || clock_ms() - bus.gone_since >= GONE_MS;
}

bool bus_stream(const char *service, struct stream_state *state)
{
    char name[64], subject[80];
    const char *subjects[] = {subject};
    jsStreamInfo *info = NULL;
    jsStreamConfig wanted;
    jsErrCode code = 0;
    natsStatus s;
    bool good;

    bus_stream_name(service, name);
    snprintf(subject, sizeof subject, "%s.>", service);
    s = js_GetStreamInfo(&info, bus.js, name, NULL, &code);
    if (s != NATS_OK && (int)code == JS_STREAM_MISSING && may_create(state)) {
        describe(&wanted, name, subjects);
        s = js_AddStream(&info, bus.js, &wanted, NULL, &code);
    }
    if (s != NATS_OK) {
        log_rarely("nats.stream", "stream %s: %s (%d)", name, natsStatus_GetText(s), (int)code);
        return false;
    }
    bus.gone_since = 0;
    adjust(info, name, subjects);
    snprintf(state->epoch, sizeof state->epoch, "%" PRId64, info->Created);
    state->first_seq = (int64_t)info->State.FirstSeq;
    state->last_seq = (int64_t)info->State.LastSeq;
    state->missing = (int64_t)info->State.NumDeleted;
    good = is_as_wanted(info->Config);
    jsStreamInfo_Destroy(info);
    if (!good)
        log_rarely("nats.stream_config",
                   "stream %s must use file storage, limits retention and discard policy new", name);
    return good;
}

bool bus_stream_is_complete(const char *service, bool *complete)
{
    jsStreamInfo *info = NULL;
    char name[64];

    bus_stream_name(service, name);
    if (js_GetStreamInfo(&info, bus.js, name, NULL, NULL) != NATS_OK)
        return false;
    *complete = info->State.FirstSeq <= 1;
    jsStreamInfo_Destroy(info);
    return true;
}

enum held bus_message(const char *service, int64_t seq, char id[64])
{
    const char *value = "";
    natsMsg *message = NULL;
    jsErrCode code = 0;
    char name[64];

    bus_stream_name(service, name);
    if (js_GetMsg(&message, bus.js, name, (uint64_t)seq, NULL, &code) != NATS_OK)
        return (int)code == JS_MESSAGE_MISSING ? NOT_HELD : NOT_KNOWN;
    natsMsgHeader_Get(message, "Nats-Msg-Id", &value);
    snprintf(id, 64, "%s", value);
    natsMsg_Destroy(message);
    return HELD;
}

bool bus_missing(const char *service, struct text *places)
{
    jsStreamInfo *info = NULL;
    jsOptions o;
    char name[64];

    bus_stream_name(service, name);
    jsOptions_Init(&o);
    o.Stream.Info.DeletedDetails = true;
    if (js_GetStreamInfo(&info, bus.js, name, &o, NULL) != NATS_OK)
        return false;
    for (int i = 0; i < info->State.DeletedLen; i++)
        text_addf(places, "%s%" PRIu64, i ? "," : "", info->State.Deleted[i]);
    jsStreamInfo_Destroy(info);
    return true;
}
