#include <gtest/gtest.h>

#include "app/run/progress_text.hpp"

namespace edgefuse::app {
namespace {

TEST(ProgressText, SaysWhatIsDoneHowFastAndWhatIsLeft) {
  EXPECT_EQ(progress_text({.round = 2, .rounds = 5, .elapsed = Seconds{20}, .later = 36},
                          {.trained = 8, .clients = 12, .tokens = 32'600}),
            "round 2 of 5: 8 of 12 adapters trained, 1630 tokens/s, 2 min of training left");
}

TEST(ProgressText, UsesLargerUnitsForLongRuns) {
  EXPECT_EQ(progress_text({.elapsed = Seconds{60}, .later = 90}, {.trained = 1, .clients = 11, .tokens = 60}),
            "round 1 of 1: 1 of 11 adapters trained, 1 tokens/s, 1.7 h of training left");
  EXPECT_EQ(progress_text({.elapsed = Seconds{60}}, {.trained = 1, .clients = 11, .tokens = 60}),
            "round 1 of 1: 1 of 11 adapters trained, 1 tokens/s, 10 min of training left");
}

}  // namespace
}  // namespace edgefuse::app
