/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <common/trib-link.h>

#include <trib-test.h>

#define MS G_TIME_SPAN_MILLISECOND

typedef enum { PROGRESS, TROUBLE, TICK } Input;

/* times in ms */
typedef struct {
  Input input;
  gint64 at;
  gint64 oldest; /* of TICK: when the oldest pending frame was taken, -1: none */
  TribLinkState state;
  gboolean changes;
  gboolean recovered;
  gint64 previous_ms;
  gint64 outage_ms;
} Step;

#define CONNECTING TRIB_LINK_CONNECTING
#define CONNECTED TRIB_LINK_CONNECTED
#define DEGRADED TRIB_LINK_DEGRADED
#define DOWN TRIB_LINK_DOWN
#define STAYS FALSE, FALSE, 0, 0
#define END                         \
  {                                 \
    TICK, -1, -1, CONNECTING, STAYS \
  }

static const Step first_contact[] = {
  { TICK, 10, -1, CONNECTING, STAYS },
  { PROGRESS, 200, -1, CONNECTED, TRUE, FALSE, 200, 0 },
  { PROGRESS, 300, -1, CONNECTED, STAYS },
  { TICK, 100000, -1, CONNECTED, STAYS }, /* idle is no trouble */
  END,
};
static const Step never_there[] = {
  { TROUBLE, 100, -1, CONNECTING, STAYS },
  { TROUBLE, 200, -1, CONNECTING, STAYS },
  { TICK, 3099, -1, CONNECTING, STAYS },
  { TICK, 3100, -1, DOWN, TRUE, FALSE, 3100, 0 },
  { TICK, 9000, -1, DOWN, STAYS },
  { TROUBLE, 9500, -1, DOWN, STAYS },
  { PROGRESS, 10000, -1, CONNECTED, TRUE, TRUE, 6900, 9900 },
  END,
};
static const Step short_trouble[] = {
  { PROGRESS, 0, -1, CONNECTED, TRUE, FALSE, 0, 0 },
  { TROUBLE, 1000, -1, DEGRADED, TRUE, FALSE, 1000, 0 },
  { TICK, 2000, -1, DEGRADED, STAYS },
  { PROGRESS, 2500, -1, CONNECTED, TRUE, TRUE, 1500, 1500 },
  END,
};
static const Step outage[] = {
  { PROGRESS, 0, -1, CONNECTED, TRUE, FALSE, 0, 0 },
  { TROUBLE, 1000, -1, DEGRADED, TRUE, FALSE, 1000, 0 },
  { TROUBLE, 2000, -1, DEGRADED, STAYS }, /* does not begin anew */
  { TICK, 3999, 900, DEGRADED, STAYS },
  { TROUBLE, 4000, -1, DOWN, TRUE, FALSE, 3000, 0 }, /* needs no tick */
  { PROGRESS, 6000, -1, CONNECTED, TRUE, TRUE, 2000, 5000 },
  { TROUBLE, 7000, -1, DEGRADED, TRUE, FALSE, 1000, 0 },
  { TICK, 9999, -1, DEGRADED, STAYS },
  { TICK, 10000, -1, DOWN, TRUE, FALSE, 3000, 0 },
  END,
};
/* no error was reported, but what was taken is not acknowledged */
static const Step silent_stall[] = {
  { PROGRESS, 0, -1, CONNECTED, TRUE, FALSE, 0, 0 },
  { TICK, 20000, 19000, CONNECTED, STAYS }, /* waits since it was taken, not since the last ack */
  { TICK, 20499, 19000, CONNECTED, STAYS },
  { TICK, 20500, 19000, DEGRADED, TRUE, FALSE, 20500, 0 },
  { TICK, 21999, 19000, DEGRADED, STAYS },
  { TICK, 22000, 19000, DOWN, TRUE, FALSE, 1500, 0 },
  { PROGRESS, 22100, -1, CONNECTED, TRUE, TRUE, 100, 3100 },
  /* one acknowledgement is progress for the younger frames too */
  { TICK, 23000, 19500, CONNECTED, STAYS },
  { TICK, 23600, 19500, DEGRADED, TRUE, FALSE, 1500, 0 },
  END,
};
/* a loop that was held up for long goes straight to the end */
static const Step late_tick[] = {
  { PROGRESS, 0, -1, CONNECTED, TRUE, FALSE, 0, 0 },
  { TICK, 60000, 1000, DOWN, TRUE, FALSE, 60000, 0 },
  END,
};

static void
test_table (gconstpointer data)
{
  const gint64 epoch = 987654321;
  TribLink link;
  guint64 outages = 0;

  trib_link_init (&link, epoch);
  g_assert_cmpint (link.state, ==, CONNECTING);
  for (const Step *s = data; s->at >= 0; s++) {
    TribLinkState previous = link.state;
    TribLinkEvent event = { DOWN, DOWN, TRUE, -1, -1 };
    gint64 now = epoch + s->at * MS;
    gint64 oldest = s->oldest < 0 ? -1 : epoch + s->oldest * MS;
    gboolean changed = s->input == PROGRESS  ? trib_link_progress (&link, now, &event)
                       : s->input == TROUBLE ? trib_link_trouble (&link, now, &event)
                                             : trib_link_tick (&link, now, oldest, &event);

    g_test_message ("at %d", (int) s->at);
    g_assert_cmpint (link.state, ==, s->state);
    g_assert_cmpint (changed, ==, s->changes);
    outages += changed && s->state == DOWN;
    g_assert_cmpuint (link.outages, ==, outages);
    if (!changed)
      continue;
    g_assert_cmpint (event.state, ==, s->state);
    g_assert_cmpint (event.previous, ==, previous);
    g_assert_cmpint (event.recovered, ==, s->recovered);
    g_assert_cmpint (event.previous_us, ==, s->previous_ms * MS);
    g_assert_cmpint (event.outage_us, ==, s->outage_ms * MS);
  }
}

static void
test_names (void)
{
  g_assert_cmpstr (trib_link_state_to_string (CONNECTING), ==, "connecting");
  g_assert_cmpstr (trib_link_state_to_string (CONNECTED), ==, "connected");
  g_assert_cmpstr (trib_link_state_to_string (DEGRADED), ==, "degraded");
  g_assert_cmpstr (trib_link_state_to_string (DOWN), ==, "down");
}

int
main (int argc, char **argv)
{
  trib_test_init (&argc, &argv);
  g_test_add_data_func ("/common/link/first-contact", first_contact, test_table);
  g_test_add_data_func ("/common/link/never-there", never_there, test_table);
  g_test_add_data_func ("/common/link/short-trouble", short_trouble, test_table);
  g_test_add_data_func ("/common/link/outage", outage, test_table);
  g_test_add_data_func ("/common/link/silent-stall", silent_stall, test_table);
  g_test_add_data_func ("/common/link/late-tick", late_tick, test_table);
  g_test_add_func ("/common/link/names", test_names);
  return trib_test_run ();
}
