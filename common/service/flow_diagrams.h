/* Prints the state diagrams of the service's aggregates, generated from their flows. */
#ifndef BACKROOM_FLOW_DIAGRAMS_H
#define BACKROOM_FLOW_DIAGRAMS_H

/* Print one Mermaid diagram per flow: `backroom-<service> --flows`. */
void flow_diagrams_print(void);

#endif
