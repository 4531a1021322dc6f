/* Callgrind's own switches, for Python: cc -shared -fPIC -o counting.so counting.c */
#include <valgrind/callgrind.h>

void toggle(void) { CALLGRIND_TOGGLE_COLLECT; }
void dump(void) { CALLGRIND_DUMP_STATS; }
