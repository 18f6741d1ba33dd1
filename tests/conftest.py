"""Settings of all tests."""

import os

# Before anything imports numpy or torch: on arrays as small as the tests' a second thread costs
# more than it gives, and much more where the machine is busy.
os.environ.setdefault("OMP_NUM_THREADS", "1")
