#pragma once

#include <cstdint>

namespace edgefuse::server {

/// How many of those who were started are still on the way, and how many have returned.
struct Cohort {
  std::int64_t outstanding = 0;
  std::int64_t returned = 0;

  void start(std::int64_t clients) { outstanding += clients; }
  void take_in() {
    --outstanding;
    ++returned;
  }
  void lose() { --outstanding; }
};

}  // namespace edgefuse::server
