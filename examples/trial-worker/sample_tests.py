"""One test for each kind of result in trial."""

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
        self.fail("a known defect")

    test_failsAsExpected.todo = "not implemented yet"

    def test_passesUnexpectedly(self):
        pass

    test_passesUnexpectedly.todo = "believed to fail"
