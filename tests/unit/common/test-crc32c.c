/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <common/trib-crc32c.h>

#include <string.h>

#include <trib-test.h>

#define RANDOM_BYTES (100 * 1024)

typedef guint32 (*Sum) (guint32 crc, const void *data, gsize len);

static const Sum sums[] = { trib_crc32c, trib_crc32c_portable };

/* RFC 3720 appendix B.4; its bytes are in network order of the reflected sum */
static void
test_rfc3720 (void)
{
  guint8 data[48];
  static const guint8 read_command[48]
      = { 0x01, 0xc0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x14, 0, 0, 0, 0, 0, 0x04, 0, 0, 0,
          0, 0x14, 0, 0, 0, 0x18, 0x28, 0, 0, 0, 0, 0, 0, 0, 0x02, 0, 0, 0, 0, 0, 0, 0 };

  for (guint s = 0; s < G_N_ELEMENTS (sums); s++) {
    memset (data, 0, 32);
    g_assert_cmphex (sums[s](0, data, 32), ==, 0x8a9136aa);
    memset (data, 0xff, 32);
    g_assert_cmphex (sums[s](0, data, 32), ==, 0x62a8ab43);
    for (guint i = 0; i < 32; i++)
      data[i] = i;
    g_assert_cmphex (sums[s](0, data, 32), ==, 0x46dd794e);
    for (guint i = 0; i < 32; i++)
      data[i] = 31 - i;
    g_assert_cmphex (sums[s](0, data, 32), ==, 0x113fdb5c);
    g_assert_cmphex (sums[s](0, read_command, 48), ==, 0xd9963a56);
    g_assert_cmphex (sums[s](0, "123456789", 9), ==, 0xe3069283);
    g_assert_cmphex (sums[s](0, NULL, 0), ==, 0);
    g_assert_cmphex (sums[s](0x12345678, NULL, 0), ==, 0x12345678);
  }
}

/* bit by bit, as the polynomial is defined */
static guint32
by_definition (const guint8 *data, gsize len)
{
  guint32 crc = 0xffffffff;

  for (gsize i = 0; i < len; i++) {
    crc ^= data[i];
    for (guint k = 0; k < 8; k++)
      crc = (crc >> 1) ^ (crc & 1 ? 0x82f63b78u : 0);
  }
  return ~crc;
}

static guint8 *
random_bytes (void)
{
  guint8 *data = g_malloc (RANDOM_BYTES);

  for (gsize i = 0; i < RANDOM_BYTES; i++)
    data[i] = g_test_rand_int () & 0xff;
  return data;
}

static void
test_short_lengths (void)
{
  g_autofree guint8 *data = random_bytes ();

  for (gsize len = 0; len < 300; len++) {
    for (gsize at = 0; at < 9; at++) {
      guint32 expected = by_definition (data + at, len);
      g_assert_cmphex (trib_crc32c (0, data + at, len), ==, expected);
      g_assert_cmphex (trib_crc32c_portable (0, data + at, len), ==, expected);
    }
  }
}

/* around the three lanes of 256 bytes, then of 4096, and their multiples */
static void
test_lane_edges (void)
{
  g_autofree guint8 *data = random_bytes ();

  for (gsize lanes = 1; lanes <= 51; lanes++)
    for (gsize len = lanes * 256 - 9; len <= lanes * 256 + 9; len++)
      g_assert_cmphex (trib_crc32c (0, data + 5, len), ==, by_definition (data + 5, len));
  for (gsize lanes = 1; lanes <= 7; lanes++)
    for (gsize len = lanes * 4096 - 9; len <= lanes * 4096 + 9; len++)
      g_assert_cmphex (trib_crc32c (0, data + 3, len), ==, by_definition (data + 3, len));
}

static void
test_random_splits (void)
{
  g_autofree guint8 *data = random_bytes ();

  for (guint round = 0; round < 300; round++) {
    gsize at = g_test_rand_int_range (0, 64);
    gsize len = g_test_rand_int_range (0, RANDOM_BYTES - 64);
    guint32 whole = trib_crc32c_portable (0, data + at, len);
    guint32 parts = 0;

    g_assert_cmphex (trib_crc32c (0, data + at, len), ==, whole);
    for (gsize done = 0; done < len;) {
      gsize n = g_test_rand_int_range (1, len - done + 1);
      parts = g_test_rand_bit () ? trib_crc32c (parts, data + at + done, n)
                                 : trib_crc32c_portable (parts, data + at + done, n);
      done += n;
    }
    g_assert_cmphex (parts, ==, whole);
  }
}

static gpointer
sum_thread (gpointer data)
{
  return GUINT_TO_POINTER (trib_crc32c (0, data, RANDOM_BYTES));
}

/* the tables are made once, by the first of several threads */
static void
test_threads (void)
{
  g_autofree guint8 *data = random_bytes ();
  GThread *threads[4];

  for (guint i = 0; i < G_N_ELEMENTS (threads); i++)
    threads[i] = g_thread_new (NULL, sum_thread, data);
  for (guint i = 0; i < G_N_ELEMENTS (threads); i++)
    g_assert_cmphex (
        GPOINTER_TO_UINT (g_thread_join (threads[i])), ==, by_definition (data, RANDOM_BYTES));
}

int
main (int argc, char **argv)
{
  trib_test_init (&argc, &argv);
  /* first, while the tables are not there yet */
  g_test_add_func ("/common/crc32c/threads", test_threads);
  g_test_add_func ("/common/crc32c/rfc3720", test_rfc3720);
  g_test_add_func ("/common/crc32c/short-lengths", test_short_lengths);
  g_test_add_func ("/common/crc32c/lane-edges", test_lane_edges);
  g_test_add_func ("/common/crc32c/random-splits", test_random_splits);
  return trib_test_run ();
}
