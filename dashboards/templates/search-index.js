window.TAIZHANG_SEARCH={{ data }};
