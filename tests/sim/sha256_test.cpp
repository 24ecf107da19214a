#include "sim/sha256.hpp"

#include <gtest/gtest.h>

#include <string>

namespace edgefuse::sim {
namespace {

std::string hash(std::string_view text) {
  Sha256 sha;
  sha.update(text);
  return sha.hex();
}

// FIPS 180-4's examples, as published by NIST.
TEST(Sha256, AgreesWithThePublishedExamples) {
  EXPECT_EQ(hash(""), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
  EXPECT_EQ(hash("abc"), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  EXPECT_EQ(hash("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq"),
            "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1");
  EXPECT_EQ(hash(std::string(1'000'000, 'a')), "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0");
}

TEST(Sha256, DoesNotSeeHowTheBytesWereCut) {
  Sha256 pieces;
  pieces.update("a");
  pieces.update("");
  pieces.update("bc");
  EXPECT_EQ(pieces.hex(), hash("abc"));
}

TEST(Sha256, GoesOnAfterItWasAsked) {
  Sha256 sha;
  sha.update("a");
  EXPECT_EQ(sha.hex(), hash("a"));
  sha.update("bc");
  EXPECT_EQ(sha.hex(), hash("abc"));
}

}  // namespace
}  // namespace edgefuse::sim
