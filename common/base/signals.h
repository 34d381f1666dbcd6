/* Something changed in this process: whoever waits for news from the other services looks again. */
#ifndef BACKROOM_SIGNALS_H
#define BACKROOM_SIGNALS_H

void signal_raise(void);
/* Until the next news or the milliseconds are over: other instances' changes come without a word. */
void signal_wait(int ms);

#endif
