#include "flow_diagrams.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "model.h"

static bool same_ends(const struct step *a, const struct step *b)
{
    return strcmp(a->from, b->from) == 0 && strcmp(a->to, b->to) == 0;
}

/* An arrow between two statuses carries all actions that lead along it. */
static void print_arrow(const struct step *step)
{
    printf("    %s --> %s: %s", step->from, step->to, step->action);
    for (const struct step *other = step + 1; other->from; other++) {
        if (same_ends(step, other))
            printf(", %s", other->action);
    }
    puts("");
}

static bool is_printed(const struct step *flow, const struct step *step)
{
    while (flow < step && !same_ends(flow, step))
        flow++;
    return flow < step;
}

void flow_diagrams_print(void)
{
    for (const struct resource *r = model_resources(); r && r->name; r++) {
        if (!r->flow)
            continue;
        printf("### %s\n\n```mermaid\nstateDiagram-v2\n    [*] --> %s\n", r->aggregate, r->flow->from);
        for (const struct step *step = r->flow; step->from; step++) {
            if (!is_printed(r->flow, step))
                print_arrow(step);
        }
        puts("```\n");
    }
}
