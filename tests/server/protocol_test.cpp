#include "server/protocol/protocol.hpp"

#include <gtest/gtest.h>

#include <cmath>

#include "sim/error.hpp"

namespace edgefuse::server {
namespace {

using Fusion = Decision::Fusion;

std::unique_ptr<Protocol> make(const char* name, double rounds, double clients, Parameters more = {}) {
  more.insert({{"rounds", rounds}, {"clients_per_round", clients}});
  return protocols().make(name, more);
}

TEST(Synchronous, FusesWhenTheLastOfTheCohortHasEnded) {
  const auto protocol = make("synchronous", 2, 3);
  EXPECT_EQ(protocol->begin().invite, 3);
  EXPECT_EQ(protocol->started(3).fusion, Fusion::none);
  EXPECT_EQ(protocol->returned().fusion, Fusion::none);
  EXPECT_EQ(protocol->failed().fusion, Fusion::none);
  EXPECT_EQ(protocol->returned().fusion, Fusion::fuse) << "all three have ended";
}

TEST(Synchronous, WaitsOnlyForThoseWhoStarted) {
  const auto protocol = make("synchronous", 1, 5);
  EXPECT_EQ(protocol->started(1).fusion, Fusion::none);
  EXPECT_EQ(protocol->returned().fusion, Fusion::fuse) << "four of five sat out";
}

TEST(Synchronous, DoesNotWaitForNobody) {
  const auto protocol = make("synchronous", 1, 5);
  EXPECT_EQ(protocol->started(0).fusion, Fusion::fuse);
}

TEST(Synchronous, FinishesAfterItsLastRound) {
  const auto protocol = make("synchronous", 2, 3);
  EXPECT_EQ(protocol->fused(1).invite, 3);
  EXPECT_TRUE(protocol->fused(2).finish);
}

TEST(Synchronous, InvitesMoreThanItNeedsAndCallsTheRestOff) {
  const auto protocol = make("synchronous", 2, 10, {{"over_selection", 0.1}});
  EXPECT_EQ(protocol->begin().invite, 11);
  (void)protocol->started(11);
  for (int i = 0; i < 9; ++i)
    EXPECT_EQ(protocol->returned().fusion, Fusion::none) << "update " << i + 1;
  const auto enough = protocol->returned();
  EXPECT_EQ(enough.fusion, Fusion::fuse);
  EXPECT_TRUE(enough.call_off) << "the eleventh is on the way";
}

TEST(Synchronous, DiscardsARoundWithoutAQuorum) {
  const auto protocol = make("synchronous", 2, 4, {{"quorum", 3.0}});
  EXPECT_EQ(protocol->begin().at_least, 3);
  (void)protocol->started(4);
  (void)protocol->returned();
  (void)protocol->returned();
  (void)protocol->failed();
  EXPECT_EQ(protocol->failed().fusion, Fusion::discard) << "two of three";
  EXPECT_EQ(protocol->fused(1).invite, 4) << "the next round begins anew";
}

TEST(Deadline, FusesWhatIsThereWhenTimeIsUp) {
  const auto protocol = make("deadline", 2, 3, {{"window", 60.0}});
  EXPECT_EQ(protocol->begin().invite, 3);
  EXPECT_EQ(protocol->started(3).wake, Seconds{60});
  (void)protocol->returned();
  const auto up = protocol->woke();
  EXPECT_EQ(up.fusion, Fusion::fuse);
  EXPECT_TRUE(up.call_off) << "two are late";
  EXPECT_EQ(protocol->fused(1).invite, 3);
}

TEST(Deadline, EndsEarlyWhenNobodyIsOnTheWay) {
  const auto protocol = make("deadline", 1, 2, {{"window", 60.0}});
  (void)protocol->started(2);
  (void)protocol->returned();
  const auto all = protocol->failed();
  EXPECT_EQ(all.fusion, Fusion::fuse);
  EXPECT_FALSE(all.call_off);
}

TEST(Deadline, LetsWhoIsLateGoOnIfTold) {
  const auto protocol = make("deadline", 3, 3, {{"window", 60.0}, {"late", std::string{"keep"}}});
  (void)protocol->started(3);
  (void)protocol->returned();
  EXPECT_FALSE(protocol->woke().call_off);
  const auto next = protocol->fused(1);
  EXPECT_EQ(next.invite, 1) << "two of three are still on the way";
  EXPECT_EQ(next.at_least, 0) << "their window need not wait for others";
}

TEST(Deadline, OpensAWindowForThoseOnTheWayAlone) {
  const auto protocol = make("deadline", 3, 2, {{"window", 60.0}, {"late", std::string{"keep"}}});
  (void)protocol->started(2);
  (void)protocol->woke();
  const auto next = protocol->fused(1);
  EXPECT_EQ(next.invite, 0);
  EXPECT_EQ(next.wake, Seconds{60});
}

TEST(Buffered, KeepsItsConcurrencyAndFusesFullBuffers) {
  const auto protocol = make("buffered", 5, 4, {{"buffer", 3.0}});
  EXPECT_EQ(protocol->begin().invite, 4);
  EXPECT_EQ(protocol->returned().invite, 1);
  EXPECT_EQ(protocol->failed().invite, 1) << "a place becomes free";
  EXPECT_EQ(protocol->returned().fusion, Fusion::none);
  const auto full = protocol->returned();
  EXPECT_EQ(full.fusion, Fusion::fuse);
  EXPECT_EQ(full.invite, 0) << "the next one starts from what is being fused";
  EXPECT_EQ(protocol->fused(1).invite, 1);
  EXPECT_TRUE(protocol->fused(5).finish);
}

TEST(Buffered, DiscountsByThePowerOfStaleness) {
  const auto protocol = make("buffered", 1, 1, {{"staleness_exponent", 2.0}});
  EXPECT_DOUBLE_EQ(protocol->discount(0), 1);
  EXPECT_DOUBLE_EQ(protocol->discount(3), 1.0 / 16);
  EXPECT_FALSE(protocol->mixing().pull_back);
}

TEST(Asynchronous, MixesEveryUpdateAsItArrives) {
  const auto protocol = make("asynchronous", 2, 4, {{"mixing", 0.25}});
  EXPECT_EQ(protocol->returned().fusion, Fusion::fuse);
  EXPECT_DOUBLE_EQ(protocol->mixing().rate, 0.25);
  EXPECT_TRUE(protocol->mixing().pull_back);
  EXPECT_DOUBLE_EQ(protocol->discount(3), 0.5) << "the paper's a = 0.5";
}

TEST(Hierarchical, IsSynchronousThroughAggregators) {
  const auto protocol = make("hierarchical", 1, 2);
  EXPECT_TRUE(protocol->through_aggregators());
  EXPECT_EQ(protocol->begin().invite, 2);
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
