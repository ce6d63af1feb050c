"""One test for each outcome that trial knows."""

from twisted.internet.defer import succeed
from twisted.python import log
from twisted.trial.unittest import SkipTest, TestCase


class SampleTests(TestCase):
    def test_passes(self):
        log.msg("a line of the log")
        return succeed(None)

    def test_fails(self):
        self.assertEqual(6 * 9, 42)

    def test_hasAnError(self):
        raise RuntimeError("caf\u00e9")

    def test_isSkipped(self):
        raise SkipTest("not today")

    def test_failsAsExpected(self):
        self.fail("as everybody knows")

    test_failsAsExpected.todo = "to be done"

    def test_passesUnexpectedly(self):
        pass

    test_passesUnexpectedly.todo = "thought to be undone"
