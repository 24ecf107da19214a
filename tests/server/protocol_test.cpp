#include "server/protocol/protocol.hpp"

#include <gtest/gtest.h>

#include "sim/error.hpp"

namespace edgefuse::server {
namespace {

std::unique_ptr<Protocol> synchronous(double rounds, double clients) {
  return protocols().make("synchronous", {{"rounds", rounds}, {"clients_per_round", clients}});
}

TEST(Synchronous, FusesWhenTheLastOfTheCohortHasEnded) {
  const auto protocol = synchronous(2, 3);
  EXPECT_EQ(protocol->begin().invite, 3);
  EXPECT_FALSE(protocol->started(3).fuse);
  EXPECT_FALSE(protocol->ended().fuse);
  EXPECT_FALSE(protocol->ended().fuse);
  EXPECT_TRUE(protocol->ended().fuse) << "all three have ended";
}

TEST(Synchronous, WaitsOnlyForThoseWhoStarted) {
  const auto protocol = synchronous(1, 5);
  EXPECT_FALSE(protocol->started(1).fuse);
  EXPECT_TRUE(protocol->ended().fuse) << "four of five sat out";
}

TEST(Synchronous, DoesNotWaitForNobody) {
  const auto protocol = synchronous(1, 5);
  EXPECT_TRUE(protocol->started(0).fuse);
}

TEST(Synchronous, InvitesNobodyAfterItsLastRound) {
  const auto protocol = synchronous(2, 3);
  EXPECT_EQ(protocol->fused(1).invite, 3);
  EXPECT_EQ(protocol->fused(2).invite, 0);
}

TEST(Protocols, AnUnknownNameIsRefusedWithTheNearestOne) {
  try {
    (void)protocols().make("syncronous");
    FAIL() << "accepted \"syncronous\"";
  } catch (const InputError& error) {
    EXPECT_NE(std::string{error.what()}.find("did you mean \"synchronous\""), std::string::npos) << error.what();
  }
}

}  // namespace
}  // namespace edgefuse::server
