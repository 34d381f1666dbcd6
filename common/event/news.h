/* Something changed in this process: whoever waits for news from the other services looks again. */
#ifndef BACKROOM_NEWS_H
#define BACKROOM_NEWS_H

void news_tell(void);
/* Until the next news or the milliseconds are over: other instances' changes come without a word. */
void news_wait(int ms);
/* Call this, too, whenever there are news: for the one who waits for other things besides. */
void news_listen(void (*call)(void));

#endif
