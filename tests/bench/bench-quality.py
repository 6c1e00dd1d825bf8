#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""What qualityextract measures, on one core at 1920x1080, beside OpenCV from Python on the same picture in the same run.

usage: bench-quality.py QUALITY_METER

A frame of real footage (TRIB_FOOTAGE), or noise where there is none. OpenCV: cv2.Laplacian(...).var(), mean and standard deviation
by cv2.meanStdDev, with one thread; of RGB, cv2.cvtColor before. Times are medians of processor time in ms.
"""

import json
import os
import subprocess
import sys
import tempfile
import time

import cv2
import numpy

ROUNDS = 60
SIZE = (1920, 1080)


def picture():
    footage = os.environ.get("TRIB_FOOTAGE", "")
    if footage:
        frame = cv2.VideoCapture(footage).read()[1]
        if frame is not None:
            return cv2.cvtColor(cv2.resize(frame, SIZE), cv2.COLOR_BGR2RGB)
    return numpy.random.default_rng(7).integers(0, 256, (SIZE[1], SIZE[0], 3), dtype=numpy.uint8)


def opencv(image):
    times = []
    for _ in range(ROUNDS):
        began = time.thread_time()
        grey = image if image.ndim == 2 else cv2.cvtColor(image, cv2.COLOR_RGB2GRAY)
        blur = cv2.Laplacian(grey, cv2.CV_64F).var()
        mean, deviation = cv2.meanStdDev(grey)
        times.append((time.thread_time() - began) * 1e3)
    return blur, float(mean[0][0]), float(deviation[0][0]), sorted(times)[ROUNDS // 2]


def ours(meter, image, folder):
    path = os.path.join(folder, "picture")
    image.tofile(path)
    pixel = 1 if image.ndim == 2 else 3
    out = subprocess.run([meter, path, str(SIZE[0]), str(SIZE[1]), str(pixel), str(ROUNDS)], check=True, stdout=subprocess.PIPE,
                         text=True).stdout
    return tuple(float(word) for word in out.split())


cv2.setNumThreads(1)
rgb = picture()
with tempfile.TemporaryDirectory() as scratch:
    for name, image in (("GRAY8", cv2.cvtColor(rgb, cv2.COLOR_RGB2GRAY)), ("RGB", rgb)):
        mine, theirs = ours(sys.argv[1], image, scratch), opencv(image)
        print(json.dumps({"bench": "quality", "format": name, "width": SIZE[0], "height": SIZE[1], "ms": round(mine[3], 3),
                          "opencv_python_ms": round(theirs[3], 3), "blur": round(mine[0], 3), "opencv_blur": round(theirs[0], 3),
                          "brightness": round(mine[1], 4), "opencv_brightness": round(theirs[1], 4),
                          "contrast": round(mine[2], 4), "opencv_contrast": round(theirs[2], 4)}))
