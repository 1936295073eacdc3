import { AskPage } from './ask-page.js';

new AskPage();
