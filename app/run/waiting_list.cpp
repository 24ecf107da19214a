#include "app/run/waiting_list.hpp"

#include <algorithm>

namespace edgefuse::app {

std::vector<std::uint32_t> WaitingList::take_due(SimTime now) {
  std::vector<std::uint32_t> due;
  for (; !expected_.empty() && expected_.top().first <= now; expected_.pop())
    due.push_back(expected_.top().second);
  std::ranges::sort(due);
  due.erase(std::ranges::unique(due).begin(), due.end());
  return due;
}

}  // namespace edgefuse::app
