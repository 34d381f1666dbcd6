/*
 * Publishes the messages of a stream once more, to a stream of its own that goes away again: what nats-server
 * takes of these bytes from a client that does nothing else. The relay's ceiling.
 *
 *   publish URL STREAM          prints messages a second
 */
#include <nats/nats.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { WAIT_MS = 10000, PENDING = 4000 };

static const char *const subjects[] = {"bench.>"};

static void check(natsStatus s, const char *what)
{
    if (s == NATS_OK)
        return;
    fprintf(stderr, "%s: %s\n", what, natsStatus_GetText(s));
    exit(1);
}

static natsMsg **read_all(jsCtx *js, const char *stream, size_t *count)
{
    char filter[64];
    jsStreamInfo *info = NULL;
    natsSubscription *sub = NULL;
    jsSubOptions o;
    natsMsg **all;

    check(js_GetStreamInfo(&info, js, stream, NULL, NULL), stream);
    *count = info->State.Msgs;
    snprintf(filter, sizeof filter, "%s", info->Config->Subjects[0]);
    jsStreamInfo_Destroy(info);
    all = calloc(*count + 1, sizeof(natsMsg *));
    jsSubOptions_Init(&o);
    o.Ordered = true;
    check(js_SubscribeSync(&sub, js, filter, NULL, &o, NULL), "subscribe");
    for (size_t i = 0; i < *count; i++)
        check(natsSubscription_NextMsg(&all[i], sub, WAIT_MS), "read");
    natsSubscription_Destroy(sub);
    return all;
}

static natsMsg *copy_of(natsMsg *msg)
{
    char subject[256];
    const char *type = NULL;
    natsMsg *copy = NULL;

    snprintf(subject, sizeof subject, "bench.%s", natsMsg_GetSubject(msg));
    check(natsMsg_Create(&copy, subject, NULL, natsMsg_GetData(msg), natsMsg_GetDataLength(msg)), "message");
    if (natsMsgHeader_Get(msg, "Content-Type", &type) == NATS_OK)
        check(natsMsgHeader_Set(copy, "Content-Type", type), "header");
    return copy;
}

static void publish(jsCtx *js, natsMsg *msg)
{
    natsMsg *copy = copy_of(msg);
    jsPubOptions o;

    jsPubOptions_Init(&o);
    check(natsMsgHeader_Get(msg, "Nats-Msg-Id", &o.MsgId), "id");
    check(js_PublishMsgAsync(js, &copy, &o), "publish");
    natsMsg_Destroy(copy);
}

int main(int argc, char **argv)
{
    natsConnection *nats = NULL;
    jsCtx *js = NULL;
    jsStreamConfig config;
    jsOptions o;
    jsPubOptions wait;
    natsMsg **all;
    size_t count;
    int64_t began;

    if (argc != 3)
        return 2;
    check(natsConnection_ConnectTo(&nats, argv[1]), "connect");
    jsOptions_Init(&o);
    o.PublishAsync.MaxPending = PENDING;
    check(natsConnection_JetStream(&js, nats, &o), "jetstream");
    all = read_all(js, argv[2], &count);
    jsStreamConfig_Init(&config);
    config.Name = "BENCH";
    config.Subjects = (const char **)subjects;
    config.SubjectsLen = 1;
    check(js_AddStream(NULL, js, &config, NULL, NULL), "stream");
    began = nats_Now();
    for (size_t i = 0; i < count; i++)
        publish(js, all[i]);
    jsPubOptions_Init(&wait);
    wait.MaxWait = WAIT_MS;
    check(js_PublishAsyncComplete(js, &wait), "acknowledgements");
    printf("%.0f\n", 1000.0 * (double)count / (double)(nats_Now() - began + 1));
    check(js_DeleteStream(js, "BENCH", NULL, NULL), "delete");
    return 0;
}
