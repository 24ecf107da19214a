#include "sim/mistakes.hpp"

#include <gtest/gtest.h>

#include <memory>
#include <string>

namespace edgefuse {
namespace {

[[noreturn]] int fail(const std::string& key) {
  throw InputError{{{.key = key, .problem = "first"}, {.key = key, .problem = "second"}}};
}

TEST(Mistakes, OfSeveralStepsAreThrownAtOnceInTheirOrder) {
  Mistakes mistakes;
  EXPECT_FALSE(mistakes.attempt([] { return fail("a"); }));
  mistakes.add({.key = "b", .problem = "is noted"});
  EXPECT_FALSE(mistakes.attempt([] { fail("c"); }));
  try {
    mistakes.finish();
    FAIL() << "five mistakes were forgotten";
  } catch (const InputError& error) {
    EXPECT_STREQ(error.what(), "a: first\na: second\nb: is noted\nc: first\nc: second");
  }
}

TEST(Mistakes, HandOverWhatAStepMade) {
  Mistakes mistakes;
  const auto made = mistakes.attempt([] { return std::make_unique<int>(7); });
  ASSERT_TRUE(made);
  EXPECT_EQ(**made, 7);
  EXPECT_TRUE(mistakes.attempt([] {})) << "a step that returns nothing went well";
  EXPECT_FALSE(mistakes.any());
  mistakes.finish();
}

TEST(Mistakes, AreOnlyInputErrorsAllElsePasses) {
  Mistakes mistakes;
  EXPECT_THROW(mistakes.attempt([]() -> int { throw RunError{"the disk is full"}; }), RunError);
}

TEST(Mistakes, TellNoneTwice) {
  Mistakes mistakes;
  for (const char* remedy : {"mend it", "mend it", "leave it"})
    mistakes.add({.file = "a.toml", .line = 3, .key = "k", .problem = "is bad", .remedy = remedy});
  EXPECT_EQ(mistakes.take().size(), 2U);
}

}  // namespace
}  // namespace edgefuse
