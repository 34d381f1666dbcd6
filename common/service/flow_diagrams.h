/* The state diagrams of the service's aggregates, made of their flows. */
#ifndef BACKROOM_FLOW_DIAGRAMS_H
#define BACKROOM_FLOW_DIAGRAMS_H

/* Print one Mermaid diagram per flow: `backroom-<service> --flows`. */
void flow_diagrams_print(void);

#endif
