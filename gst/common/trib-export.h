/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* The build hides every symbol; what applications may link carries this mark. */
#define TRIB_API __attribute__ ((visibility ("default")))
